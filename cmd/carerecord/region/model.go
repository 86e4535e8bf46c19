package region

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
)

// ModelFile is the model by which a region compares details, in its data folder,
// as 'carerecord train' writes it. Without it the model that ships is used.
const ModelFile = "model.json"

// loadMatcher gives the matcher of a region. A file that is no model is refused:
// nobody is to be linked by another model than the one that was chosen.
func loadMatcher(data string) (*matching.Matcher, error) {
	path := filepath.Join(data, ModelFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return matching.NewMatcher(matching.Default()), nil
	}
	if err != nil {
		return nil, failure.Wrap(failure.Unavailable, "region.loadMatcher", err)
	}
	model, err := matching.ReadModel(text)
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, path, err)
	}
	return matching.NewMatcher(model), nil
}

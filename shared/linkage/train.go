package linkage

import (
	"cmp"
	"context"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// mostTrained is how many records a model is trained on, about; of more it is a
// sample. The memory granted must not matter: it would change the model.
const mostTrained = 400_000

// Train learns a model from registers, as Link does when it is given none, or a
// careful one for the patient index (Options.Policy).
func Train(ctx context.Context, o Options) (*matching.Model, Summary, error) {
	o.Model = nil
	j, err := newJob(ctx, o)
	if err != nil {
		return nil, Summary{}, err
	}
	defer j.close()
	model, err := j.train(ctx)
	return model, j.summary, err
}

// leastRecords is how few records have no pair to learn from.
const leastRecords = 2

// chooseModel gives the model to compare by: the one given, or one that is
// trained. Fewer than two records need none that fits them.
func (j *job) chooseModel(ctx context.Context) (*matching.Model, error) {
	switch {
	case j.Model != nil:
		return j.Model, nil
	case j.records < leastRecords:
		return matching.Default(), nil
	}
	return j.train(ctx)
}

// train fits a model to the records.
func (j *job) train(ctx context.Context) (*matching.Model, error) {
	j.Told(Progress{Stage: "training"})
	profiles, pairs, err := j.sample()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return matching.Train(profiles, matching.TrainOptions{Policy: cmp.Or(j.Policy, matching.Balanced), Source: "register", Pairs: pairs})
}

// sample gives the profiles of all records, or of as many as training takes,
// and how many pairs of them may be of one person. They are drawn one by one, by a
// hash of their place: a pair of two of them is then of one person as often as
// any pair is.
func (j *job) sample() (list []demographics.Profile, pairs float64, err error) {
	share := mostTrained / float64(max(1, j.records))
	inFile := make([]float64, len(j.starts)) // records drawn
	w := j.store.walk()
	for i := range j.records {
		if share < 1 && float64(stir(uint64(i)+1)>>11)/(1<<53) >= share {
			continue
		}
		if _, _, err := w.open(i); err != nil {
			return nil, 0, err
		}
		var p demographics.Profile
		if err := w.decoder.profile(&p); err != nil {
			return nil, 0, err
		}
		list = append(list, p)
		inFile[j.file(uint32(i))]++
	}
	if !j.Between {
		return list, 0, nil
	}
	for file, n := range inFile {
		for _, other := range inFile[:file] {
			pairs += n * other
		}
	}
	return list, pairs, nil
}

package registers

import (
	"bufio"
	"io"

	"github.com/carerecord/carerecord/shared/extract"
)

// sniff looks at the first bytes of a file. It gives the whole file to read
// on, or a fault when it is no delimited text.
func sniff(file io.Reader) (io.Reader, *extract.Fault, error) {
	buffered := bufio.NewReaderSize(file, extract.SniffSize)
	head, err := buffered.Peek(extract.SniffSize)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	if fault := extract.Foreign(head, extract.Place{Line: 1}, "", "delimited text with a header: save a sheet as CSV"); fault != nil {
		return nil, fault, nil
	}
	return buffered, nil, nil
}

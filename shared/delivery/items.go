package delivery

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/carerecord/carerecord/shared/table"
)

// Keys of the delivery table. Organisations, feeds and content hashes are not
// personal; file names may be, and stand in bodies only.
//
//	D#<delivery>    delivery        the delivery itself
//	D#<delivery>    chunk#<number>  what became of a chunk's rows
//	F#<ods>#<feed>  last            the newest delivery that was completed: the feed's freshness
//	C#<ods>#<feed>  <sha-256>       the delivery that brought this content
func deliveryKey(id string) table.Key {
	return table.Key{Partition: "D#" + id, Sort: "delivery"}
}

const chunkPrefix = "chunk#"

func chunkKey(id string, number int) table.Key {
	return table.Key{Partition: "D#" + id, Sort: fmt.Sprintf("%s%06d", chunkPrefix, number)}
}

func feedKey(ods, feed string) table.Key {
	return table.Key{Partition: "F#" + ods + "#" + feed, Sort: "last"}
}

func contentKey(ods, feed, sha256 string) table.Key {
	return table.Key{Partition: "C#" + ods + "#" + feed, Sort: sha256}
}

// encode gives the JSON of a stored value. The values are our own and always
// encode; JSON of text must not be changed on its way, hence no HTML escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("delivery: a value of our own does not encode: " + err.Error())
	}
	return b.Bytes()
}

func decode(body []byte, v any) error { return json.Unmarshal(body, v) }

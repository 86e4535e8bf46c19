package trial

// itemBytes gives the bytes of a posting as DynamoDB counts them: names and
// values of the attributes (Developer Guide, "DynamoDB item sizes and formats").
// The partition key is "K#" and 26 characters, the sort key 6 of the narrow
// part, "#" and the source patient's 26; the version is 1; the body has a byte
// for its coding. All as in packages index and table.
func itemBytes(body int) int {
	const (
		names     = len("pk") + len("sk") + len("v") + len("b")
		partition = len("K#") + 26
		sortKey   = 6 + len("#") + 26
		version   = 2
	)
	return names + partition + sortKey + version + 1 + body
}

// Cost is what a look-up reads.
type Cost struct {
	Reads int // queries of one key
	Items int
	Bytes int
	Units int // strongly consistent read units: of each read, 4 KiB each, begun ones whole
	Wide  int // keys that were too wide and were read narrowed
}

const (
	readUnit  = 4 << 10
	writeUnit = 1 << 10
)

// read adds one read of so many bytes.
func (c *Cost) read(items, bytes int) {
	c.Reads++
	c.Items += items
	c.Bytes += bytes
	c.Units += max(1, (bytes+readUnit-1)/readUnit)
}

func (c *Cost) add(o Cost) {
	c.Reads, c.Items, c.Bytes, c.Units, c.Wide = c.Reads+o.Reads, c.Items+o.Items, c.Bytes+o.Bytes, c.Units+o.Units, c.Wide+o.Wide
}

package audit

import "github.com/carerecord/carerecord/shared/table"

// walker follows the links of one chain in the order of their keys.
type walker struct {
	*verifier
	partition string
	start     head // the head as it was before the walk; its hash is checked on the way
	last      head // the link before, with its hash as stored; no hash when that is unknown
}

// take judges one stored link and says whether its content is readable.
func (w *walker) take(item table.Item) (link, bool) {
	seq, ok := seqOf(item.Key)
	if !ok {
		w.find(w.partition, 0, Foreign)
		return link{}, false
	}
	w.gap(seq)
	before := w.last
	w.last.Seq = seq
	var l link
	if decode(opVerify, item.Body, &l) != nil {
		w.find(w.partition, seq, Edited)
		w.last.Hash = ""
		return link{}, false
	}
	w.last.Hash = l.Hash
	switch {
	case l.Seq != seq:
		w.find(w.partition, seq, Moved)
	case l.Hash != linkHash(w.partition, seq, l.Previous, l.Content):
		w.find(w.partition, seq, Edited)
	case item.Version != 1:
		w.find(w.partition, seq, Edited) // written more than once, even if the same
	case before.Seq+1 == seq && before.Hash != "" && l.Previous != before.Hash:
		w.find(w.partition, seq, Detached)
	case seq == w.start.Seq && l.Hash != w.start.Hash:
		w.find(w.partition, seq, HeadWrong)
	}
	return l, true
}

// gap reports the numbers between the link before and this one.
func (w *walker) gap(seq uint64) {
	if seq > w.last.Seq+1 {
		w.summary.Findings = append(w.summary.Findings, Finding{
			Chain: w.partition, Seq: w.last.Seq + 1, Last: seq - 1, Breach: Missing,
		})
		w.last.Hash = "" // what stood there is unknown
	}
}

// begin reads the head as it is before the walk. A registry that was never
// used has none; a chain gets its head when it is opened.
func (w *walker) begin(item table.Item, registry bool) {
	if item.Version == 0 && registry {
		return
	}
	if item.Version == 0 || decode(opVerify, item.Body, &w.start) != nil || w.start.Seq == 0 && w.start.Hash != w.last.Hash {
		w.find(w.partition, 0, HeadWrong)
	}
}

// end holds the heads before and after the walk against the links seen: those
// up to the first must be there, and none beyond the second.
func (w *walker) end(item table.Item) {
	if w.start.Seq > w.last.Seq {
		w.gap(w.start.Seq + 1)
		return
	}
	var after head
	if item.Version > 0 && decode(opVerify, item.Body, &after) != nil || after.Seq < w.last.Seq {
		w.find(w.partition, w.last.Seq, HeadWrong)
	}
}

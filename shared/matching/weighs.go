package matching

// Weighs says whether the model was trained on a further column, counted from
// 0, and so knows what it tells.
func (m *Model) Weighs(column int) bool {
	return column < MaxOther && m.Fields[fieldOther+column].Frequencies != nil
}

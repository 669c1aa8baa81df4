package workbook

// Letter names a column as spreadsheets do: 0 is A, 26 is AA.
func Letter(i int) string {
	s := ""
	for i++; i > 0; i = (i - 1) / 26 {
		s = string(rune('A'+(i-1)%26)) + s
	}
	return s
}

// Filled tells whether a column holds anything below the first row.
func (s *Sheet) Filled(column int) bool {
	for i := 1; i < len(s.Rows); i++ {
		if s.Rows[i].Cell(column) != "" {
			return true
		}
	}
	return false
}

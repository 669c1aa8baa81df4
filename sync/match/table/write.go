package table

import (
	"encoding/csv"
	"io"
	"strconv"
)

// WriteClusters writes row,cluster,probability.
func WriteClusters(w io.Writer, groups []Group) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"row", "cluster", "probability"}); err != nil {
		return err
	}
	for _, g := range groups {
		if err := c.Write([]string{g.Row, strconv.Itoa(g.Cluster), decimal(g.Probability)}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// WritePairs writes row_a,row_b,probability,relation.
func WritePairs(w io.Writer, pairs []Found) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"row_a", "row_b", "probability", "relation"}); err != nil {
		return err
	}
	for _, p := range pairs {
		if err := c.Write([]string{p.A, p.B, decimal(p.Probability), p.Relation.String()}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func decimal(p float64) string { return strconv.FormatFloat(p, 'f', 6, 64) }

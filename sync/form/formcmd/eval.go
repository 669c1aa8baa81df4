package formcmd

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/xpath"
)

// Evaluated is what "form eval" says.
type Evaluated struct {
	Type  string `json:"type"` // number, string, boolean or nodeset
	Value any    `json:"value"`
	// The value turned into each of the others; JSON has no NaN or infinity,
	// so those are text.
	Text    string `json:"string"`
	Number  any    `json:"number"`
	Boolean bool   `json:"boolean"`
}

// Eval evaluates one expression in a document. context names the node it is
// evaluated at (see find), empty for the document itself; in an XForm, paths begin
// at its primary instance. lang chooses among the document's translations.
func Eval(document []byte, context, expression, lang string, env form.Env) (Evaluated, error) {
	doc, err := xpath.ReadXML(document)
	if err != nil {
		return Evaluated{}, civic.NewProblem(civic.DocumentUnread, err, err.Error())
	}
	if env.Rand == nil {
		env.Rand = rand.Reader
	}
	e := &xpath.Env{Now: env.Now, Zone: env.Zone, Rand: env.Rand}
	xpath.XForm(doc, lang).Lend(e)
	at := doc
	if context != "" && context != "/" {
		if at, err = find(doc, context, e); err != nil {
			return Evaluated{}, err
		}
	}
	x, err := xpath.Parse(expression)
	if err != nil {
		return Evaluated{}, civic.NewProblem(civic.ExpressionUnread, err, err.Error())
	}
	v, err := x.Eval(at, e)
	if err != nil {
		return Evaluated{}, civic.NewProblem(civic.ExpressionUnread, err, err.Error())
	}
	out := Evaluated{Text: v.Text(), Boolean: v.Bool(), Number: number(v.Number(env.Zone))}
	switch v.Type() {
	case xpath.Number:
		out.Type, out.Value = "number", out.Number
	case xpath.Boolean:
		out.Type, out.Value = "boolean", out.Boolean
	case xpath.NodeSet:
		out.Type, out.Value = "nodeset", out.Text
	default:
		out.Type, out.Value = "string", out.Text
	}
	return out, nil
}

// find looks for the context node: by a path, or by the places of elements from
// the document inwards, counted from 0, "[0,2,1]".
func find(doc *xpath.Node, context string, e *xpath.Env) (*xpath.Node, error) {
	var places []int
	if json.Unmarshal([]byte(context), &places) == nil {
		for _, i := range places {
			inner := doc.Elements()
			if i < 0 || i >= len(inner) {
				return nil, civic.NewProblem(civic.WrongUse, nil, "There is no node "+context+" in the document.")
			}
			doc = inner[i]
		}
		return doc, nil
	}
	x, err := xpath.Parse(context)
	if err != nil {
		return nil, civic.NewProblem(civic.ExpressionUnread, err, err.Error())
	}
	v, err := x.Eval(doc, e)
	if err == nil && len(v.Nodes()) == 0 {
		// Perhaps the path is meant from the document itself.
		whole := *e
		whole.Primary = nil
		v, err = x.Eval(doc, &whole)
	}
	if err != nil || len(v.Nodes()) == 0 {
		return nil, civic.NewProblem(civic.WrongUse, err, "There is no node "+context+" in the document.")
	}
	return v.Nodes()[0], nil
}

func number(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strings.TrimPrefix(strings.Replace(fmt.Sprint(f), "Inf", "Infinity", 1), "+")
	}
	return f
}

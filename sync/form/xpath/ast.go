package xpath

// An expression is a tree of the types below.
type expr interface{}

type (
	number  float64
	literal string
	// operation takes two values; "|" is the union of two sets.
	operation struct {
		op          string
		left, right expr
	}
	negation struct{ of expr }
	call     struct {
		name string
		args []expr
		fn   *function
	}
	// path walks steps from the root, from what start gives, or from the
	// context node when start is nil.
	path struct {
		absolute bool
		start    expr
		steps    []step
	}
	// filter keeps what all predicates hold for.
	filter struct {
		of         expr
		predicates []expr
	}
	step struct {
		axis       axis
		kind       testKind
		prefix     string // of a name test
		name       string // "*" for any
		predicates []expr
	}
)

type axis uint8

const (
	axisChild axis = iota
	axisDescendant
	axisParent
	axisAncestor
	axisFollowingSibling
	axisPrecedingSibling
	axisFollowing
	axisPreceding
	axisAttribute
	axisNamespace
	axisSelf
	axisDescendantOrSelf
	axisAncestorOrSelf
)

var axes = map[string]axis{
	"child": axisChild, "descendant": axisDescendant, "parent": axisParent, "ancestor": axisAncestor,
	"following-sibling": axisFollowingSibling, "preceding-sibling": axisPrecedingSibling,
	"following": axisFollowing, "preceding": axisPreceding, "attribute": axisAttribute, "namespace": axisNamespace,
	"self": axisSelf, "descendant-or-self": axisDescendantOrSelf, "ancestor-or-self": axisAncestorOrSelf,
}

// reverse axes count their positions backwards.
func (a axis) reverse() bool {
	return a == axisParent || a == axisAncestor || a == axisAncestorOrSelf || a == axisPreceding || a == axisPrecedingSibling
}

type testKind uint8

const (
	testName testKind = iota
	testNode
	testText
	testComment
	testInstruction
)

var nodeTests = map[string]testKind{
	"node": testNode, "text": testText, "comment": testComment, "processing-instruction": testInstruction,
}

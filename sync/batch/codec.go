package batch

import (
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// codec writes and reads registrations, one after the other, in one piece of
// code: what is passed in is written and comes back as it was, or is ignored
// and comes back as read. Every question has a model of its own.
type codec struct {
	*model
	setting
	breaks []uint32

	forms   []*sheet
	words   dictionary
	open    ranking // of dictionaries that grow
	known   *[16]uint32
	unknown *[16]uint32
	few     *[16]uint32
	rare    *[16]uint32
	failed  bool
	texts   int // bytes of text so far
	answers int // answers so far
	// instances counts those of repeats: empty ones cost next to nothing on the
	// wire, so they are bounded.
	instances int
	paths     map[place]string

	today time.Time // of the interview at hand
	began int64     // the wall clock when it began
	chose uint32    // the last choice made in it
	after uint32    // whether the question before was answered

	previous civic.Registration
	scratch  []byte
	env      surroundings
}

// sheet is a form in use, with what its questions have seen so far.
type sheet struct {
	*schema
	questions []*question
	more      map[string]*[8]slot // one more instance of a repeat?
}

// question is a column with what it has seen so far.
type question struct {
	*column
	regular, fits, copies slot
	there                 [2]line // answered at all? after a question that was not, and one that was
	text                  textual
	last                  uint32    // stands for the last answer
	value                 string    // the last answer's value
	parent                *question // whose last answer tells most about this one
	source                *question // whose value this one often repeats, or nil
}

// place is a question in an instance of a repeat.
type place struct {
	number uint32
	prefix string
}

// key gives a number of its own to whatever belongs to no question.
func (c *codec) key(n uint32) uint32 { return 0xF0000000 | n }

// fail gives up: the bytes were not written by this codec.
func (c *codec) fail() string {
	c.failed = true
	return ""
}

// spend counts text that was read, so that no small file opens to a large one.
func (c *codec) spend(n int) {
	if c.texts += n; c.texts > maxPlain {
		c.failed = true
	}
}

func newCodec(s setting, k *coder) *codec {
	c := &codec{
		model: newModel(k, int(s.Count)), setting: s, open: newRanking(maxDictionary),
		known:   oddsOf([]uint32{80, 5, 14, 1}, 2),
		unknown: oddsOf([]uint32{1, 29, 68, 2}, 2),
		few:     oddsOf([]uint32{60, 25, 10, 5, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 4),
		rare:    oddsOf([]uint32{15, 1}, 1),
		paths:   map[place]string{},
	}
	c.env.init(c)
	return c
}

// use begins a form: its questions start with what the form alone tells.
func (c *codec) use(s *schema) *sheet {
	sh := &sheet{schema: s, more: map[string]*[8]slot{}}
	base := uint32(len(c.forms)) << 20
	for _, col := range s.columns {
		if !c.decoding {
			col.index()
		}
		q := &question{column: col, regular: newSlot(60000, 3), fits: newSlot(62000, 3), copies: newSlot(1<<15, 0)}
		q.text = textual{key: base + col.number, words: col.words, wordAt: col.wordAt, ranks: col.ranks}
		q.parent = q
		sh.questions = append(sh.questions, q)
	}
	c.forms = append(c.forms, sh)
	return sh
}

// questionAt finds the question of an answer's path, nil if the form has none.
func (sh *sheet) questionAt(path string) *question {
	if col, ok := sh.byPath[plainPath(path)]; ok {
		return sh.questions[col.number]
	}
	return nil
}

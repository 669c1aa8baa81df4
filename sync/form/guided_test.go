package form_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/form"
)

// plays writes what the reference engine shall play to a file; see
// testdata/guided/record.mjs. The traces it gives, packed, are
// testdata/guided/traces.jsonl.gz.
var plays = flag.String("plays", "", "write the guided interviews to this file")

// guidedForms reach what chance rarely does: deep skips, repeats in repeats,
// repeats that shrink, choices that hang on one another.
var guidedForms = map[string]string{
	"skips": `
| survey |
| | type                | name   | label           | relevant                                              | required     | constraint | calculation | read_only |
| | select_one yn       | a      | A               |                                                       | yes          |            |             |           |
| | begin group         | g1     | G1              | ${a} = 'yes'                                          |              |            |             |           |
| | integer             | n      | N               |                                                       | ${a} = 'yes' | . > 2 and . < 9 |        |           |
| | begin group         | g2     | G2 for ${n}     | ${n} > 3                                              |              |            |             |           |
| | select_multiple col | cols   | Colours         |                                                       | yes          | not(selected(., 'none') and count-selected(.) > 1) | |   |
| | begin group         | g3     | G3              | selected(${cols}, 'red') and not(selected(${cols}, 'blue')) |        |            |             |           |
| | text                | t      | T ${sum}        |                                                       |              | regex(., '^[a-z]*$') |   |           |
| | begin group         | g4     | G4              | string-length(${t}) >= 2                              |              |            |             |           |
| | select_one yn       | z      | Z               |                                                       | yes          |            |             |           |
| | note                | end1   | Deep ${t} ${n}  | ${z} = 'no'                                           |              |            |             |           |
| | text                | locked | Locked          |                                                       |              |            |             | ${z} = 'yes' |
| | end group           |        |                 |                                                       |              |            |             |           |
| | end group           |        |                 |                                                       |              |            |             |           |
| | end group           |        |                 |                                                       |              |            |             |           |
| | end group           |        |                 |                                                       |              |            |             |           |
| | calculate           | sum    |                 |                                                       |              |            | coalesce(${n}, 0) + count-selected(${cols}) + string-length(${t}) | |
| | text                | after  | After           | ${sum} > 9                                            | ${sum} > 10  |            |             |           |
| choices |
| | list_name | name | label |
| | yn        | yes  | Yes   |
| | yn        | no   | No    |
| | col       | red  | Red   |
| | col       | blue | Blue  |
| | col       | none | None  |`,
	"repeats": `
| survey |
| | type          | name    | label            | calculation                               | relevant     | constraint | required |
| | begin repeat  | house   | House            |                                           |              |            |          |
| | text          | street  | Street           |                                           |              |            | yes      |
| | calculate     | number  |                  | position(..)                              |              |            |          |
| | begin repeat  | person  | Person of ${street} |                                        |              |            |          |
| | text          | name    | Name             |                                           |              |            |          |
| | integer       | age     | Age of ${name}   |                                           |              | . < 9      | ${name} != '' |
| | calculate     | who     |                  | concat(${name}, '@', ${street}, ${number}) |             |            |          |
| | text          | school  | School           |                                           | ${age} < 5   |            |          |
| | end repeat    |         |                  |                                           |              |            |          |
| | calculate     | people  |                  | count(${person})                          |              |            |          |
| | calculate     | ages    |                  | sum(${age})                               |              |            |          |
| | text          | big     | Big              |                                           | ${people} > 1 |           |          |
| | end repeat    |         |                  |                                           |              |            |          |
| | calculate     | houses  |                  | count(${house})                           |              |            |          |
| | calculate     | all     |                  | sum(${age})                               |              |            |          |
| | calculate     | names   |                  | join(' ', ${name})                        |              |            |          |
| | text          | many    | Many ${houses}   |                                           | ${all} > 8   |            |          |`,
	"counts": `
| survey |
| | type          | name  | label          | calculation           | repeat_count | relevant   | constraint     |
| | integer       | n     | N              |                       |              |            | . >= 0 and . < 6 |
| | begin repeat  | child | Child          |                       | ${n}         |            |                |
| | text          | name  | Name           |                       |              |            |                |
| | calculate     | at    |                | position(..)          |              |            |                |
| | integer       | toys  | Toys of ${name} ${at} |                |              | ${at} > 1  |                |
| | end repeat    |       |                |                       |              |            |                |
| | calculate     | sum   |                | sum(${toys})          |              |            |                |
| | calculate     | last  |                | indexed-repeat(${name}, ${child}, ${n}) |  |          |                |
| | text          | more  | More ${sum}    |                       |              | ${sum} > 3 |                |`,
	"choices": `
| survey |
| | type            | name  | label         | choice_filter                  | calculation        | trigger  | default    | relevant |
| | select_one s    | state | State         |                                |                    |          |            |          |
| | select_one t    | town  | Town          | state = ${state}               |                    |          |            |          |
| | select_multiple t | towns | Towns       | state = ${state} and size > 1  |                    |          |            |          |
| | begin repeat    | p     | P             |                                |                    |          |            |          |
| | text            | name  | Name          |                                |                    |          | concat('n', 1 + 1) |  |
| | select_one t    | home  | Home          | state = ${state} and name != ${town} |              |          |            | ${name} != 'n2' |
| | end repeat      |       |               |                                |                    |          |            |          |
| | text            | w     | W             |                                |                    |          | word       |          |
| | calculate       | seen  |               |                                | concat(${w}, '/', ${town}) | ${w} |        |          |
| | calculate       | first |               |                                | once(${town})      |          |            |          |
| | date            | d     | D             |                                |                    |          |            |          |
| | calculate       | days  |               |                                | int(${d} - date('2026-01-01')) |  |        |          |
| | calculate       | year  |               |                                | format-date(${d}, '%Y/%n') |    |          | ${d} > date('2026-01-03') |
| choices |
| | list_name | name | label | state | size |
| | s         | n    | North |       |      |
| | s         | s    | South |       |      |
| | t         | a    | Alta  | n     | 1    |
| | t         | b    | Baja  | n     | 2    |
| | t         | c    | Costa | s     | 3    |
| | t         | e    | Este  | s     | 2    |`,
}

// guided are the kinds of nodes that an interview here acts on.
var guided = map[form.Kind]bool{
	form.Text: true, form.Integer: true, form.Decimal: true, form.Date: true, form.SelectOne: true, form.SelectMany: true, form.Repeat: true,
}

// guide plays an interview of its own: it answers what is relevant, with values
// that the form's expressions compare with.
func guide(f *form.Form, seed uint64, steps int) [][]string {
	rnd := rand.New(rand.NewPCG(seed, 7)) // a course that can be played again
	s := form.Start(f, env())
	texts := []string{"a", "ab", "abc", "n2", "", "x1", "word"}
	var acts [][]string
	for len(acts) < steps {
		var open []form.Node
		for _, n := range s.Nodes() {
			if n.Relevant && !n.ReadOnly && guided[n.Kind] {
				open = append(open, n)
			}
		}
		n := open[rnd.IntN(len(open))]
		act := []string{"set", n.Path, texts[rnd.IntN(len(texts))]}
		switch {
		case n.Kind == form.Repeat && strings.HasSuffix(n.Path, "]"):
			act = []string{"remove", n.Path}
		case n.Kind == form.Repeat:
			act = []string{"add", n.Path}
		case n.Kind == form.SelectOne || n.Kind == form.SelectMany:
			if len(n.Choices) == 0 {
				continue
			}
			chosen := n.Choices[rnd.IntN(len(n.Choices))]
			if n.Kind == form.SelectMany && rnd.IntN(2) == 0 {
				chosen = strings.Join(n.Choices[:1+rnd.IntN(len(n.Choices))], " ")
			}
			act = []string{"sel", n.Path, chosen}
		case n.Kind == form.Integer:
			act[2] = fmt.Sprint(rnd.IntN(10))
		case n.Kind == form.Date:
			act[2] = fmt.Sprintf("2026-01-%02d", 1+rnd.IntN(9))
		}
		if s.Play(act[0], act[1], strings.Join(act[2:], "")) == nil {
			acts = append(acts, act)
		}
	}
	return acts
}

// TestGuidedInterviews compares interviews with how they went on the reference
// engine.
func TestGuidedInterviews(t *testing.T) {
	if *plays != "" {
		writePlays(t)
		return
	}
	packed, err := os.ReadFile(filepath.Join("testdata", "guided", "traces.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(z)
	in.Buffer(nil, 16<<20)
	var states, same, steps int
	for in.Scan() {
		var tr trace
		if err := json.Unmarshal(in.Bytes(), &tr); err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(tr.Form, " ")
		f := compiled(t, guidedForms[name])
		steps += len(tr.Steps)
		bad := slices.DeleteFunc(replayTrace(f, tr, &states, &same), func(x string) bool {
			// XPath has the sum of no nodes be 0; the reference gives nothing.
			return strings.HasPrefix(x, "sum of nothing")
		})
		if len(bad) > 0 {
			t.Errorf("%s: %d differences\n    %s", tr.Form, len(bad), strings.Join(bad[:min(5, len(bad))], "\n    "))
		}
	}
	if states < 10_000 || steps < 500 {
		t.Errorf("only %d steps and %d states were compared", steps, states)
	}
	t.Logf("%d steps, %d states, %d equal", steps, states, same)
}

func writePlays(t *testing.T) {
	var b bytes.Buffer
	names := []string{}
	for name := range guidedForms {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f := compiled(t, guidedForms[name])
		for seed := range uint64(4) {
			line, err := json.Marshal(map[string]any{"name": fmt.Sprintf("%s %d", name, seed), "xform": form.XForm(f), "acts": guide(f, seed, 60)})
			if err != nil {
				t.Fatal(err)
			}
			b.Write(append(line, '\n'))
		}
	}
	if err := os.WriteFile(*plays, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

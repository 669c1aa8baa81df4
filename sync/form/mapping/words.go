package mapping

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/askonce/fieldkit/sync/civic"
)

//go:embed words.csv
var wordList string

// phrase is what an attribute is called, as words.
type phrase struct {
	attribute civic.Attribute
	words     []string
}

// readPhrases reads words.csv, the longest phrases first.
func readPhrases() ([]phrase, error) {
	rows, err := csv.NewReader(strings.NewReader(wordList)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("the words of attributes: %w", err)
	}
	var out []phrase
	for _, r := range rows[1:] {
		for _, p := range strings.Split(r[1], "|") {
			out = append(out, phrase{civic.Attribute(r[0]), wordsOf(p)})
		}
	}
	slices.SortStableFunc(out, func(a, b phrase) int { return len(b.words) - len(a.words) })
	return out, nil
}

// wordsOf takes a label or a name apart: small letters without accents; a name
// such as dateOfBirth or HH_head2 at its capitals, hyphens and digits.
func wordsOf(s string) []string {
	var b strings.Builder
	lower := false
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case unicode.IsLetter(r):
			if unicode.IsUpper(r) && lower {
				b.WriteByte(' ')
			}
			lower = unicode.IsLower(r)
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
			lower = false
		}
	}
	return strings.Fields(b.String())
}

// fillers say nothing of what is asked for.
var fillers = set("what is are the a an of your his her their s do does did you please enter write select choose give tell which in and full " +
	"cual es son el la los las un una de del su sus por favor escriba indique seleccione elija anote que quien person persona child nino nina " +
	"applicant citizen member respondent beneficiary beneficiario solicitante ciudadano miembro hijo")

// subjects are those a form asks about beside the one it is for.
var subjects = map[string]map[string]bool{
	"mother": set("mother madre mama mere mae mothers mom"), "father": set("father padre papa pere pai fathers dad"),
	"head": set("head jefe jefa headship"), "spouse": set("spouse husband wife esposo esposa conyuge partner pareja"),
	"informant": set("informant informante declarant declarante"), "guardian": set("guardian tutor caretaker caregiver"),
}

// strangers are people and things about which nothing is kept.
var strangers = set("enumerator interviewer encuestador entrevistador supervisor operator clerk officer agent facility clinic hospital school escuela device username " +
	"doctor nurse bank banco teacher maestro project organisation organization team equipo witness testigo")

// worldly attributes are rightly told with words such as school and clinic.
var worldly = set("education_level attends_school school_grade birth_setting birth_attendant consent evidence witness pay_channel account_number vaccinated")

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// find gives the place of a phrase in words, -1 when it is not there.
func find(words, phrase []string) int {
	for i := 0; i+len(phrase) <= len(words); i++ {
		if slices.Equal(words[i:i+len(phrase)], phrase) {
			return i
		}
	}
	return -1
}

// without leaves words out.
func without(words []string, out map[string]bool) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return out[w] })
}

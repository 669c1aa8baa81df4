package form_test

import "strings"

// Words of several languages stand in one text, split by "|", in the order of
// the languages; one text alone stands for all.

const (
	spanish = "Español (es)"
	english = "English (en)"
	chinese = "中文 (zh)"
)

// service is one of our own service forms as a table of questions.
type service struct {
	id, version string
	title       string
	languages   []string // the default first
	questions   [][]string
	lists       []list
}

// list is a list of choices: name, then name and words of each.
type list struct {
	name  string
	items [][2]string
}

// ask is one question; more are pairs of column and cell.
func ask(typ, name, words string, more ...string) []string {
	return append([]string{typ, name, words}, more...)
}

func group(name, words string, more ...string) []string {
	return ask("begin group", name, words, more...)
}
func endGroup() []string { return ask("end group", "", "") }

// sheets lays the form out as the sheets of a workbook.
func (s service) sheets() []sheet {
	plain := []string{"required", "relevant", "constraint", "calculation", "appearance", "x_attr", "x_partial", "x_start", "x_absent"}
	worded := []string{"label", "hint", "constraint_message"}
	head := []string{"type", "name"}
	at := map[string]int{"type": 0, "name": 1}
	column := func(name string) {
		at[name] = len(head)
		head = append(head, name)
	}
	for _, w := range worded {
		for _, l := range s.languages {
			column(w + "::" + l)
		}
	}
	for _, p := range plain {
		column(p)
	}
	survey := [][]string{head}
	put := func(row []string, name, value string) {
		if _, ok := at[name]; ok {
			row[at[name]] = value
			return
		}
		for i, l := range s.languages {
			row[at[name+"::"+l]] = word(value, i)
		}
	}
	for _, q := range s.questions {
		row := make([]string, len(head))
		row[0], row[1] = q[0], q[1]
		put(row, "label", q[2])
		for i := 3; i+1 < len(q); i += 2 {
			put(row, q[i], q[i+1])
		}
		survey = append(survey, row)
	}
	choices := [][]string{{"list_name", "name"}}
	titles := []string{"form_id", "form_title"}
	settings := []string{s.id, word(s.title, 0)}
	for i, l := range s.languages {
		choices[0] = append(choices[0], "label::"+l)
		titles = append(titles, "form_title::"+l)
		settings = append(settings, word(s.title, i))
	}
	for _, l := range s.lists {
		for _, item := range l.items {
			row := []string{l.name, item[0]}
			for i := range s.languages {
				row = append(row, word(item[1], i))
			}
			choices = append(choices, row)
		}
	}
	titles = append(titles, "version", "default_language", "x_service")
	settings = append(settings, s.version, s.languages[0], s.id)
	return []sheet{{"survey", survey}, {"choices", choices}, {"settings", [][]string{titles, settings}}, {"x_words", words()}}
}

// word takes the i-th language of a text, else the first.
func word(text string, i int) string {
	parts := strings.Split(text, "|")
	if i < len(parts) {
		return parts[i]
	}
	return parts[0]
}

// Questions that several forms ask in the same words.

func nameQuestions(subject, of string) [][]string {
	label := func(es, en, zh string) string {
		if of == "" {
			return es + "|" + en + "|" + zh
		}
		whose := strings.Split(of, "|")
		return es + " " + whose[0] + "|" + whose[1] + " " + strings.ToLower(en[:1]) + en[1:]
	}
	return [][]string{
		ask("text", "given_name", label("Nombre o nombres", "Given name or names", "名字"), "required", "yes", "x_attr", subject+"given_name"),
		ask("text", "surname", label("Primer apellido", "First surname", "第一个姓"), "x_attr", subject+"surname"),
		ask("text", "second_surname", label("Segundo apellido", "Second surname", "第二个姓"), "x_attr", subject+"second_surname"),
	}
}

func sexQuestion() []string {
	return ask("select_one sex", "sex", "Sexo|Sex|性别", "required", "yes", "appearance", "horizontal", "x_attr", "sex")
}

func birthDateQuestion(attr string, required string) []string {
	return ask("date", "birth_date", "Fecha de nacimiento|Date of birth|出生日期", "required", required, "x_attr", attr, "x_partial", "yes",
		"constraint", ". <= today()", "constraint_message", "La fecha aún no ha llegado.|This day has not come yet.|这一天还没有到。",
		"hint", "Si no se sabe el día, basta el mes o el año|If the day is not known, the month or the year will do|不知道日子时，填月份或年份即可")
}

func homeQuestions() [][]string {
	return [][]string{
		ask("text", "address", "Dirección|Address|地址", "x_attr", "address", "hint", "O cómo se llega|Or how to get there|或怎样走到"),
		ask("text", "locality", "Localidad|Village or town|村镇", "x_attr", "locality"),
		ask("text", "municipality", "Municipio|Municipality|市县", "x_attr", "municipality"),
		ask("text", "state", "Estado|State|省州", "x_attr", "state"),
	}
}

func phoneQuestion(name, attr, words string) []string {
	return ask("text", name, words, "x_attr", attr, "appearance", "numbers", "constraint", "regex(., '^[0-9 +]{7,16}$')",
		"constraint_message", "Un teléfono tiene de 7 a 16 cifras.|A telephone has 7 to 16 digits.|电话号码有7到16位数字。")
}

// together joins questions and rows of questions.
func together(parts ...any) [][]string {
	var out [][]string
	for _, p := range parts {
		switch p := p.(type) {
		case []string:
			out = append(out, p)
		case [][]string:
			out = append(out, p...)
		}
	}
	return out
}

// Lists that several forms share: the same names, so that an answer given to one
// form fits the next.
var (
	sexList = list{"sex", [][2]string{{"female", "Mujer|Female|女"}, {"male", "Hombre|Male|男"}, {"other", "Otro|Other|其他"}}}
	yesNo   = list{"yes_no", [][2]string{{"yes", "Sí|Yes|是"}, {"no", "No|No|否"}}}
	tongues = list{"tongue", [][2]string{
		{"spa", "Español|Spanish|西班牙语"}, {"nah", "Náhuatl|Nahuatl|纳瓦特尔语"}, {"yua", "Maya|Maya|玛雅语"}, {"zap", "Zapoteco|Zapotec|萨波特克语"},
		{"mix", "Mixteco|Mixtec|米斯特克语"}, {"tzo", "Tsotsil|Tzotzil|索西语"}, {"tze", "Tseltal|Tzeltal|策尔塔尔语"}, {"oth", "Otra|Another|其他"}}}
	marital = list{"marital", [][2]string{
		{"single", "Soltera o soltero|Single|未婚"}, {"union", "En unión libre|Living together|同居"}, {"married", "Casada o casado|Married|已婚"},
		{"separated", "Separada o separado|Separated|分居"}, {"divorced", "Divorciada o divorciado|Divorced|离婚"}, {"widowed", "Viuda o viudo|Widowed|丧偶"}}}
	schooling = list{"schooling", [][2]string{
		{"none", "Ninguno|None|未上学"}, {"primary", "Primaria|Primary|小学"}, {"secondary", "Secundaria|Lower secondary|初中"},
		{"upper", "Preparatoria|Upper secondary|高中"}, {"higher", "Estudios superiores|Higher|大专以上"}}}
	reads  = list{"reads", [][2]string{{"yes", "Sí|Yes|会"}, {"little", "Un poco|A little|会一点"}, {"no", "No|No|不会"}}}
	limits = list{"limit", [][2]string{
		{"none", "Ninguna|None|没有"}, {"seeing", "Ver|Seeing|看"}, {"hearing", "Oír|Hearing|听"}, {"walking", "Caminar|Walking|走"},
		{"remembering", "Recordar|Remembering|记"}, {"selfcare", "Bañarse o vestirse|Washing or dressing|自理"}, {"speaking", "Hablar|Speaking|说"}}}
	countries = list{"country", [][2]string{
		{"mex", "Mexicana|Mexican|墨西哥"}, {"gtm", "Guatemalteca|Guatemalan|危地马拉"}, {"hnd", "Hondureña|Honduran|洪都拉斯"},
		{"other", "Otra|Another|其他"}, {"none", "Ninguna|None|无国籍"}}}
)

func disabilityQuestion(attr string) []string {
	return ask("select_multiple limit", "disability", "¿Qué le cuesta mucho trabajo?|What is very difficult for the person?|哪些方面有很大困难？", "x_attr", attr,
		"constraint", "not(selected(., 'none') and count-selected(.) > 1)", "constraint_message", "\"Ninguna\" va sola.|\"None\" stands alone.|“没有”须单独选择。")
}

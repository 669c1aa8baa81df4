package xpath

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

const library = `<data xmlns:o="urn:other" xml:lang="es-MX"><!-- c --><name id="n1" o:kind="k">Ana Ruiz</name><born>1990-02-03</born>
<seen>2026-11-22T08:30:00.000-06:00</seen><empty/><n>4.75</n><list>red green blue</list>
<rep><x>3</x><y>a</y></rep><rep><x>4</x><y>b</y></rep><rep><x/><y>b</y></rep>
<fence>0 0;0 10;10 10;10 0;0 0</fence><in>5 5 0 0</in><out>15 5 0 0</out></data>`

// TestFunctions gives every function its meaning, in the zone of Mexico City.
func TestFunctions(t *testing.T) {
	doc, err := ReadXML([]byte(library))
	if err != nil {
		t.Fatal(err)
	}
	zone := time.FixedZone("CST", -6*3600)
	env := &Env{
		Now: func() time.Time { return time.Date(2026, 11, 22, 9, 5, 7, 80e6, zone) }, Zone: zone, Rand: bytes.NewReader(bytes.Repeat([]byte{0x5a}, 1<<12)),
		Instance: func(id string) *Node {
			if id == "self" {
				return doc
			}
			return nil
		},
		Functions: map[string]func(*Call) (Value, error){"twice": func(c *Call) (Value, error) { f, err := c.Number(0); return Num(2 * f), err }},
	}
	data := doc.Children[0]
	for text, want := range map[string]string{
		"abs(-2.5)": "2.5", "ceiling(1.2)": "2", "floor(-1.2)": "-2", "int(-1.9)": "-1", "round(2.5)": "3", "round(1.005, 2)": "1.01", "round(1234, -2)": "1200", "round('x')": "NaN",
		"pow(2, 10)": "1024", "sqrt(16)": "4", "exp(0)": "1", "exp10(2)": "100", "log(1)": "0", "log10(1000)": "3", "sin(0)": "0", "cos(0)": "1", "tan(0)": "0",
		"asin(0)": "0", "acos(1)": "0", "atan(0)": "0", "atan2(0, 1)": "0", "round(pi(), 4)": "3.1416", "min(3, 1, 2)": "1", "max(//x)": "NaN", "max(//rep[x > 0]/x)": "4", "sum(//rep[x > 0]/x)": "7",
		"1 div 0": "Infinity", "-1 div 0": "-Infinity", "0 div 0": "NaN", "7 mod 4": "3", "- n": "-4.75", "n * 2": "9.5", "number()": "NaN", "number('-.5')": "-0.5", "number('1e3')": "1000", "number(true())": "1",
		"true()": "true", "not(empty)": "false", "not(string(empty))": "true", "boolean(0)": "false", "boolean-from-string('1')": "true", "boolean-from-string('yes')": "false",
		"if(n > 4, 'big', 'small')": "big", "coalesce(empty, missing, name)": "Ana Ruiz", "once('x')": data.Text(),
		"string-length(name)": "8", "string-length('ñandú')": "5", "normalize-space('  a  b ')": "a b", "concat('a', 1, true(), //y)": "a1trueabb", "join('-', //y)": "a-b-b",
		"starts-with(name, 'Ana')": "true", "ends-with(name, 'iz')": "true", "contains(name, ' ')": "true", "substring-before(name, ' ')": "Ana", "substring-before(name, '-')": "",
		"substring-after(name, ' ')": "Ruiz", "substring('12345', 2, 3)": "234", "substring('12345', 0)": "12345", "substr('ñandú', 1, 3)": "an", "substr('abc', -2)": "bc", "substr('abc', 'x')": "abc",
		"translate('bar', 'abc', 'AB')": "BAr", "regex('a1', '[a-z][0-9]')": "true", "regex('xa1', '[a-z][0-9]')": "false",
		"selected(list, 'green')": "true", "selected(list, 'gre')": "false", "selected(empty, '')": "true", "selected-at(list, 2)": "blue", "selected-at(list, 9)": "", "count-selected(list)": "3",
		"checklist(1, 2, 1 = 1, 2 = 2, 3 = 4)": "true", "checklist(-1, 1, 1 = 1, 2 = 2)": "false", "weighted-checklist(5, 9, 1 = 1, 5, 1 = 2, 9)": "true",
		"count(//rep)": "3", "count-non-empty(//x)": "2", "position(//rep[2])": "2", "//rep[position() = 2]/x": "4", "//rep[last()]/y": "b", "//rep[y = 'b'][1]/x": "4", "(//rep/x)[2]": "4",
		"name(//*[@id])": "name", "local-name(name/@o:kind)": "kind", "name(name/@o:kind)": "o:kind", "namespace-uri(name/@o:kind)": "urn:other", "id('n1')": "Ana Ruiz", "lang('es')": "true", "lang('en')": "false",
		"instance('self')/data/n": "4.75", "instance('none')/data/n": "", "current()/n": "4.75", "indexed-repeat(/data/rep/x, /data/rep, 2)": "4", "twice(21)": "42",
		"count(name/following-sibling::*)": "11", "rep[2]/preceding-sibling::rep/x": "3", "count(rep[1]/x/ancestor::*)": "2", "count(rep[1]/x/ancestor-or-self::*)": "3", "rep[1]/x/following::y": "a",
		"count(rep[2]/preceding::x)": "1", "count(descendant::y)": "3", "count(//comment())": "1", "count(name | n | name)": "2", "name/text()": "Ana Ruiz", "count(self::data)": "1", "count(attribute::*)": "1",
		"today()": "2026-11-22", "now()": "2026-11-22T09:05:07.080-06:00", "date('1990-2-3')": "1990-02-03", "date('nonsense')": "", "today() > born": "true", "date(today() + 1)": "2026-11-23",
		"int((today() - born) div 365.25)": "36", "format-date(born, '%d/%n/%y %a %b %% %q')": "03/2/90 Sat Feb % %q", "format-date-time(now(), '%Y-%m-%e %H:%h:%M:%S.%3 %Z')": "2026-11-22 09:9:05:07.080 -06:00",
		"decimal-date-time('1970-01-01T06:00:00.000Z')": "0.25", "decimal-time('12:00')": "0.5", "decimal-time('12:00:00.000Z')": "0.25", "decimal-time('25:00')": "NaN", "born = '1990-02-03'": "true", "seen > now()": "false", "date-time(0)": "1969-12-31T18:00:00.000-06:00",
		"distance('0 0;0 1')": "111318.85", "area('0 0;0 1;1 1;1 0')": "12391256135.81", "enclosed-area('0 0;0 1')": "0", "geofence(in, fence)": "true", "geofence(out, fence)": "false", "geofence('x', fence)": "false",
		"base64-decode('SG9sYQ==')": "Hola", "base64-decode('!')": "", "digest('abc', 'MD5', 'hex')": "900150983cd24fb0d6963f7d28e17f72", "digest('abc', 'SHA-256', 'hex')": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"string-length(uuid())": "36", "string-length(uuid(12))": "12", "random() < 1": "true", "count(randomize(//rep))": "3", "join('', randomize(//y, 42))": "bba",
		"3 = //x": "true", "//x != 3": "true", "'a' = 'a' and 1 or 0": "true", "//x > 3": "true", "true() = //rep": "true", "false() = //none": "true",
	} {
		e, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if v, err := e.Eval(data, env); err != nil || v.Text() != want {
			t.Errorf("%s: %q %v, want %q", text, v.Text(), err, want)
		}
	}
}

// TestFailures lists what is refused when it is read, and what fails when it
// is evaluated.
func TestFailures(t *testing.T) {
	for _, text := range []string{
		"", " ", "1 +", "(1", "1)", "a b", "a[1", "f(1", "f(1,)", "'open", `"open`, "$x", "a::b", "//", "1 = = 2", "a/", "@", "a//", "child::", "#", "a and", "AND(1) 2", "1 And 1",
	} {
		if e, err := Parse(text); err == nil {
			t.Errorf("%q is read as %v", text, e.root)
		} else if err.Error() == "" {
			t.Errorf("%q has no reason", text)
		}
	}
	data := NewElement("data", "x")
	for _, text := range []string{
		"fly()", "true(1)", "substr('a')", "'a'/b", "'a'[1]", "1 | 2", "count('a')", "regex('a', '(')", "regex('a', '" + strings.Repeat("a", 2000) + "')", "digest('a', 'CRC')",
		"indexed-repeat(1, 2, 3)", "indexed-repeat(a, b)", "randomize(1)",
	} {
		e, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if v, err := e.Eval(data, &Env{}); err == nil {
			t.Errorf("%s gives %q", text, v.Text())
		}
	}
}

func TestReferences(t *testing.T) {
	e, err := Parse("../a + /data/b[c = current()/../d]/e + count(/data/rep) + instance('x')/root/item[name = ../z]/v")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range e.References() {
		s := [...]string{"", "/", "instance/", "?"}[r.Base]
		for _, step := range r.Steps {
			s += step.Name + "/"
		}
		if r.Counted {
			s += "#"
		}
		got = append(got, s)
	}
	want := "node()/a/ /data/b/e/ /data/b/c/ node()/d/  /data/rep/# instance/root/item/v/"
	if text := strings.Join(got, " "); !strings.HasPrefix(text, want) {
		t.Errorf("%s", text)
	}
	f, err := Parse("state = current()/../s and ./kind = 'a' and n > 3 and x = y")
	if err != nil {
		t.Fatal(err)
	}
	if eq := f.Equalities(); len(eq) != 2 || eq[0].Child != "state" || eq[1].Child != "kind" {
		t.Errorf("%+v", eq)
	}
	if !Computes("today()", true) || !Computes("1 + 2", true) || Computes("2026-01-02", false) || Computes("it's", true) || !Computes("a[1]", true) || Computes("plain", true) {
		t.Error("what is an expression and what a value")
	}
}

//go:build window

package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/formtest"
)

// everything is a form with each type of question that is in scope, and with
// what else a ministry's form may use: a row a line, cells parted by "|".
var everything = map[string]string{
	"survey": `type | name | label::English (en) | label::Español (es) | hint::English (en) | relevant | constraint | constraint_message::English (en) | constraint_message::Español (es) | calculation | choice_filter | appearance | parameters | repeat_count | trigger | required | image
begin_group | words | Words and numbers | Palabras y números
note | intro | # Welcome to **all** that _can_ be asked | # Bienvenidos a **todo** lo que se _puede_ preguntar
text | name | Name | Nombre | As people call you | | | | | | | | | | | yes
text | story | Story | Historia | | | | | | | | multiline
integer | age | Age | Edad | | | . >= 0 and . <= 120 | An age lies between 0 and 120 | Una edad va de 0 a 120
decimal | weight | Weight in kilograms
date | met | Day we met | Día en que nos conocimos
time | at | At what time | A qué hora
dateTime | moment | Moment of the visit | Hora de la visita
end_group
begin_group | choices | Choices | Opciones
select_one yn | plain | Is it so? | ¿Es así?
select_one fruit | fruit | Which fruit? | ¿Qué fruta?
select_multiple fruit | fruits | All fruits you like | Todas las frutas que le gustan
select_one trade | trade | Trade | Oficio
select_multiple trade | trades | Trades in the house | Oficios en la casa
select_one county | county | County | Condado
select_one town | town | Town | Pueblo | | | | | | | county = ${county}
select_one_from_file places.csv | place | Village of the office's list | Pueblo de la lista de la oficina
range | mark | Mark | Nota | | | | | | | | | start=1 end=5 step=1
range | share | Share | Parte | | | | | | | | | start=0 end=100 step=5
acknowledge | read | I have read it | Lo he leído
end_group
begin_group | things | Things | Cosas
geopoint | where | Where | Dónde
barcode | code | Code on the card | Código de la tarjeta
image | photo | Photo | Foto
image | sign | Signature | Firma | | | | | | | | signature
end_group
begin_group | logic | Logic | Lógica
integer | n | A number | Un número
calculate | twice | | | | | | | | ${n} * 2
note | told | Twice that is ${twice} | El doble es ${twice}
text | large | Why so large? | ¿Por qué tanto? | | ${n} > 3
calculate | when | | | | | | | | concat('seen ', ${n}) | | | | | ${n}
note | stamped | Trigger: ${when} | Disparo: ${when}
end_group
begin_repeat | person | Person | Persona
text | called | Called | Se llama
begin_repeat | animal | Animal | Animal
text | sort | Sort | Clase
end_repeat
end_repeat
begin_group | counted | Counted | Contados
integer | many | How many children | Cuántos niños
begin_repeat | child | Child | Niño | | | | | | | | | | ${many}
text | first | First name | Nombre de pila
end_repeat
end_group`,
	"choices": `list_name | name | label::English (en) | label::Español (es) | county | image
yn | yes | Yes | Sí
yn | no | No | No
fruit | mango | Mango | Mango | | mango.png
fruit | papaya | Papaya | Papaya | | papaya.png
fruit | none | None of them | Ninguna
county | a | Alpha | Alfa
county | b | Beta
town | a1 | Alpha town | Pueblo Alfa | a
town | a2 | Alpha port | Puerto Alfa | a
town | b1 | Beta town | Pueblo Beta | b
` + trades(),
	"settings": `form_title | form_title::Español (es) | form_id | version | default_language
Everything | Todo | everything | 1 | English (en)`,
}

// trades are more than stand on a page.
func trades() string {
	var b strings.Builder
	for i, t := range strings.Fields("alfarera albañil bordadora campesino carpintero cocinera comerciante costurera electricista enfermera herrero jardinero maestra mecánico médica músico panadera partera pastor pescador pintor plomero sastre tejedora vaquero zapatero") {
		fmt.Fprintf(&b, "trade | t%d | %s | %s\n", i+1, t, t)
	}
	return b.String()
}

// workbook writes sheets as a workbook into a folder.
func workbook(t *testing.T, dir string, sheets map[string]string) string {
	t.Helper()
	file := filepath.Join(dir, "everything.xlsx")
	if err := os.WriteFile(file, formtest.Workbook(t, sheets), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// picture writes a square of one colour.
func picture(t *testing.T, file string, c color.RGBA) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range m.Pix {
		m.Pix[i] = []uint8{c.R, c.G, c.B, 255}[i%4]
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestEverything walks a form of all types through the real window: each is
// answered by hand, what is wrong is told in the form's words, what hangs on an
// answer comes and goes, and what was answered lies in the store.
func TestEverything(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	form := workbook(t, dir, everything)
	ask(t, b.server, "form", "add", form, "--data", b.data, "--with", picture(t, filepath.Join(dir, "mango.png"), color.RGBA{R: 255, G: 160}),
		"--with", picture(t, filepath.Join(dir, "papaya.png"), color.RGBA{R: 250, G: 90, B: 60}))
	home := b.enrolled(t)
	list := filepath.Join(dir, "places.csv")
	if err := os.WriteFile(list, []byte("code,name,parent,kind\n1,Oaxaca,,state\n2,Chankom,1,municipality\n3,Dzitás,2,locality\n4,Xcocail,2,locality\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ask(t, b.server, "places", "import", list, "--data", b.data)
	pass := filepath.Join(dir, "pass")
	if err := os.WriteFile(pass, []byte(testPassphrase), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 400 { // the centre puts both down in its own time
		if _, err := exec.Command(b.app, "sync", "--home", home, "--passphrase-file", pass).CombinedOutput(); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, b.app, "places", "dzitas", "--home", home, "--passphrase-file", pass); got["list"] == 1.0 && len(everythingDraft(t, home, false)) == 0 {
			break
		}
		time.Sleep(300 * time.Millisecond)
	}
	h := b.opened(t, home, 10*time.Minute)
	if keep := os.Getenv("PICTURES"); keep != "" {
		h.pictures = filepath.Join(keep, "everything")
		if err := os.MkdirAll(h.pictures, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := allKinds(h); err != nil {
		last, _ := h.shoot("stopped-here")
		log, _ := os.ReadFile(filepath.Join(h.d.dir, "program.log"))
		t.Fatalf("%v\nlast picture: %s\n%s", err, last, log)
	}
	if err := h.quit(); err != nil {
		t.Fatal(err)
	}
	kept := everythingDraft(t, home, true)
	for path, want := range map[string]string{
		"words/name": "Ana", "words/story": "Once", "words/age": "34", "words/weight": "52.5", "words/met": "2025-12-31", "words/at": "06:10", "words/moment": "2026-02-01T14:30",
		"choices/plain": "no", "choices/fruit": "papaya", "choices/fruits": "mango papaya", "choices/trade": "t7", "choices/trades": "t2 t26", "choices/county": "b", "choices/town": "b1",
		"choices/place": "3", "choices/mark": "4", "choices/share": "35", "choices/read": "OK",
		"things/where": "17.0732 -96.7266 0 0", "things/code": "750123", "logic/n": "5", "logic/twice": "10", "logic/large": "many", "logic/when": "seen 5",
		"person[1]/called": "Eva", "person[1]/animal[1]/sort": "hen", "counted/many": "1", "counted/child[1]/first": "Luz",
	} {
		if kept[path] != want {
			t.Errorf("%s is kept as %q, want %q", path, kept[path], want)
		}
	}
	for _, path := range []string{"person[2]/called", "person[1]/animal[2]/sort", "counted/child[2]/first"} {
		if v, there := kept[path]; there {
			t.Errorf("%s was taken away and is kept as %q", path, v)
		}
	}
	for _, path := range []string{"things/photo", "things/sign"} {
		if !strings.HasPrefix(kept[path], "photo-") {
			t.Errorf("%s is kept as %q", path, kept[path])
		}
	}
}

// everythingDraft gives the answers of the one draft by path.
func everythingDraft(t *testing.T, home string, must bool) map[string]string {
	t.Helper()
	k := unlocked(t, kit.Options{Home: home})
	defer closed(t, k)
	out := map[string]string{}
	drafts, err := k.Drafts(context.Background())
	if err != nil || len(drafts) != 1 {
		if must {
			t.Fatalf("%d drafts, %v", len(drafts), err)
		}
		return out
	}
	var iv *capture.Interview
	if iv, err = k.Resume(context.Background(), drafts[0].ID); err != nil {
		t.Fatal(err)
	}
	for _, a := range iv.Answers() {
		if a.Absent == civic.Present {
			out[a.Path] = a.Value
		}
	}
	return out
}

// allKinds answers the form in the window and leaves it as a draft.
func allKinds(h *hands) error {
	if err := first(h.key("F2"), h.page("find"), h.key("Return"), h.page("services"), h.click("service.everything"), h.page("interview")); err != nil {
		return err
	}
	at := func(path string) error {
		_, err := h.until("the question "+path, func(w window) bool { return w.focused() == "q:"+path })
		return err
	}
	says := func(what string, path string, want bool) error {
		_, err := h.until(what, func(w window) bool { _, there := w.find(path); return there == want })
		return err
	}
	shoot := func(name string) error { _, err := h.shoot(name); return err }
	type step = func() error
	do := func(steps ...step) error {
		for _, s := range steps {
			if err := s(); err != nil {
				return err
			}
		}
		return nil
	}
	typed := func(path, keys string, enter bool) step {
		return func() error {
			if err := first(at(path), h.write(keys)); err != nil || !enter {
				return err
			}
			return h.key("Return")
		}
	}
	return do(
		// Words and numbers; a wrong age is told once and corrected.
		func() error { return shoot("words-empty") },
		typed("words/name", "Ana", true),
		typed("words/story", "Once", false), func() error { return h.key("Tab") },
		typed("words/age", "340", true),
		func() error { return shoot("words-wrong") },
		func() error { return first(at("words/age"), h.key("BackSpace", "Return")) },
		typed("words/weight", "52.5", true),
		typed("words/met", "31122025", false),
		typed("words/at", "0610", false),
		typed("words/moment", "01022026", false),
		func() error { return first(at("words/moment:time"), h.write("1430")) },
		// Choices: by key, by the pointer, by typing, several, cascading, from the office's list.
		func() error { return first(at("choices/plain"), shoot("choices-empty")) },
		typed("choices/plain", "2", false),
		func() error { return first(at("choices/fruit"), h.click("q:choices/fruit=papaya")) },
		typed("choices/fruits", "12", true),
		typed("choices/trade", "come", true),
		func() error {
			return first(at("choices/trades"), h.write("alba"), shoot("choices-typing"), h.key("Return"), h.write("zapa"), h.key("Return", "Return"))
		},
		func() error {
			return first(at("choices/county"), h.click("q:choices/county=a"), h.click("q:choices/town=a2"))
		},
		func() error {
			return first(h.click("q:choices/county=b"), says("towns of the other county", "q:choices/town=b1", true), says("no town of the first", "q:choices/town=a2", false), h.click("q:choices/town=b1"))
		},
		func() error {
			return first(at("choices/place"), h.write("dzi"), shoot("choices-place"), h.key("Down", "Return"))
		},
		func() error { return first(at("choices/mark"), h.click("q:choices/mark=4")) },
		typed("choices/share", "350", true),
		func() error { return shoot("choices-range-wrong") },
		func() error { return first(at("choices/share"), h.key("BackSpace", "Return")) },
		func() error { return first(at("choices/read"), h.key("1")) },
		// Things.
		func() error {
			return first(at("things/where"), h.write("somewhere"), h.key("Return"), shoot("things-wrong"), h.key("ctrl+a"), h.write("17.0732, -96.7266"), h.key("Return"))
		},
		typed("things/code", "750123", true),
		func() error { return first(at("things/photo"), answer(h, "things/photo", reply{photo: true})) },
		func() error {
			return first(h.until2("the next page", func(w window) bool { return w.Page == "interview" }), h.click("previous"), h.page("interview"), h.signed("q:things/sign"), shoot("things-signed"), h.click("sign.clear:things/sign"), h.signed("q:things/sign"), shoot("things-done"))
		},
		func() error { return h.key("ctrl+Return") },
		// Logic: a question comes and goes with a number.
		func() error {
			return first(at("logic/n"), h.write("2"), h.key("Return"), says("the next page", "q:person[1]/called", true))
		},
		func() error {
			return first(h.click("previous"), at("logic/n"), says("no reason yet", "q:logic/large", false), shoot("logic-small"),
				h.key("BackSpace"), h.write("5"), h.key("Return"), at("logic/large"), h.write("many"), shoot("logic-large"), h.key("Return"))
		},
		// Persons with animals: one more of each, and each taken away again.
		func() error {
			return first(at("person[1]/called"), h.write("Eva"), h.key("Return"), at("person[1]/animal[1]/sort"), h.write("hen"), h.click("add:person[1]/animal"),
				at("person[1]/animal[2]/sort"), h.write("dog"), shoot("person-two-animals"), h.click("remove:person[1]/animal[2]"),
				says("the second animal is gone", "q:person[1]/animal[2]/sort", false))
		},
		func() error {
			return first(h.click("add"), at("person[2]/called"), h.write("Extra"), shoot("person-two"), h.click("remove:person[2]"),
				says("the second person is gone", "q:person[2]/called", false), shoot("person-one"), h.click("next"))
		},
		// Children by their number, which shrinks.
		func() error {
			return first(at("counted/many"), h.write("3"), h.key("Return"), at("counted/child[1]/first"), says("three children", "q:counted/child[3]/first", true), h.write("Luz"),
				h.key("Return"), at("counted/child[2]/first"), h.write("Sol"), shoot("counted-three"), h.click("q:counted/many"), h.key("BackSpace"), h.write("1"), h.key("Return"),
				says("one child", "q:counted/child[2]/first", false), shoot("counted-one"))
		},
		func() error { return first(h.key("F7"), h.page("home"), shoot("home")) },
	)
}

func (h *hands) until2(what string, ok func(window) bool) error {
	_, err := h.until(what, ok)
	return err
}

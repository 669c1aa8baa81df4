package form

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// parameterKeys says which parameters a type takes.
func parameterKeys(e *element) []string {
	typ := strings.ToLower(e.typ)
	switch {
	case e.external:
		return []string{"randomize", "seed"}
	case e.file != "":
		return []string{"randomize", "seed", "value", "label"}
	case e.kind == SelectOne || e.kind == SelectMany || e.kind == Rank:
		return []string{"randomize", "seed"}
	case e.kind == Range:
		return []string{"start", "end", "step", "tick_interval", "placeholder", "tick_labelset"}
	case typ == "image" || typ == "photo" || typ == "add image prompt":
		return []string{"app", "max-pixels"}
	case typ == "audio" || typ == "background-audio":
		return []string{"quality"}
	case typ == "geopoint":
		return []string{"allow-mock-accuracy", "capture-accuracy", "warning-accuracy", "reference-geometry"}
	case typ == "geotrace" || typ == "geoshape":
		return []string{"allow-mock-accuracy", "incremental", "reference-geometry"}
	case typ == "text":
		return []string{"rows"}
	case typ == "audit":
		return []string{"location-priority", "location-min-interval", "location-max-age", "track-changes", "track-changes-reasons", "identify-user"}
	}
	return nil
}

// tag is a name that may stand in XML without a prefix.
var tag = regexp.MustCompile(`^[\pL_][\pL\pN\pM_.\-]*$`)

// checkParameters judges the parameters of a question.
func (b *builder) checkParameters(e *element) {
	keys := parameterKeys(e)
	if keys == nil {
		return
	}
	at := Finding{Path: e.path, Sheet: "survey", Row: e.row, Column: "parameters", Code: codeParameter}
	fault := func(what string, args ...any) {
		at.Message = fmt.Sprintf(what, args...)
		b.fault(at)
	}
	switch {
	case strings.EqualFold(e.typ, "audit"):
		b.checkAudit(e, fault)
	case e.kind == Range:
		b.checkRange(e, fault)
	}
	for key, v := range e.parameters {
		number, err := strconv.ParseFloat(v, 64)
		whole := err == nil && number == float64(int(number))
		switch {
		case !slices.Contains(keys, key):
			fault("This type of question has no parameter %s; it takes %s.", key, strings.Join(keys, ", "))
		case key == "incremental":
			if v != "true" {
				fault("The parameter incremental is true or left out.")
			}
		case key == "allow-mock-accuracy":
			if v != "true" && v != "false" {
				fault("The parameter %s must be true or false.", key)
			}
		case key == "capture-accuracy" || key == "warning-accuracy":
			if err != nil {
				fault("The parameter %s must be a number.", key)
			}
		case key == "rows" || key == "max-pixels":
			if !whole {
				fault("The parameter %s must be a whole number.", key)
			}
		case key == "quality":
			allowed := []string{"normal", "low", "voice-only"}
			if e.typ == "audio" {
				allowed = append(allowed, "external")
			}
			if !slices.Contains(allowed, v) {
				fault("The parameter quality must be one of %s.", strings.Join(allowed, ", "))
			}
		case key == "app":
			if (e.appearance == "" || e.appearance == "annotate") && !strings.Contains(v, ".") {
				fault("The parameter app must be the name of an Android package, with a point in it.")
			}
		case key == "value" || key == "label":
			if !tag.MatchString(v) {
				fault("The parameter %s must be the name of a column.", key)
			}
		case key == "randomize":
			if v != "true" && v != "false" {
				fault("The parameter randomize must be true or false.")
			}
		case key == "seed":
			if e.parameters["randomize"] != "true" {
				fault("A seed needs randomize=true.")
			} else if err != nil && !mention.MatchString(v) {
				fault("The seed must be a number or a question.")
			}
		case key == "reference-geometry":
			b.checkReference(e, v, fault)
		}
	}
}

// checkReference judges reference-geometry: a list, a file, or a repeat.
func (b *builder) checkReference(e *element, v string, fault func(string, ...any)) {
	if m := mention.FindStringSubmatch(v); m != nil {
		for _, x := range b.byName[m[2]] {
			if x.kind == Repeat {
				return
			}
		}
	} else if have := b.instances[v]; b.lists[v] != nil && have != "" && !strings.HasPrefix(have, "choices ") {
		fault("The name %s stands for a list of choices and for a file.", v)
		return
	} else if b.lists[v] != nil && b.usedLists[v] || b.instances[v] != "" && !strings.HasPrefix(b.instances[v], "pulldata ") || b.settings["entity "+v] != "" {
		return
	}
	fault("The parameter reference-geometry must name a list of choices, a file of the form, or a repeat.")
}

// fileNames are the files choices may come from.
var fileNames = []string{".csv", ".xml", ".geojson"}

// source notes where a secondary instance comes from; two sources under one
// name would be taken for each other.
func (b *builder) source(id, uri string, e *element) {
	kind, place, _ := strings.Cut(uri, " ")
	haveKind, havePlace, ok := strings.Cut(b.instances[id], " ")
	switch {
	case !ok || place == havePlace && haveKind == "pulldata":
		b.instances[id] = uri
	case place != havePlace && (kind != "external" || haveKind != "external"):
		b.fault(Finding{Code: codeListMissing, Path: e.path, Sheet: "survey", Row: e.row, Words: []string{id},
			Message: fmt.Sprintf("The name %s stands for two sources, %s and %s.", id, havePlace, place)})
	}
}

// pulled finds the files that pulldata() names.
var pulled = regexp.MustCompile(`pulldata\s*\(\s*['"]([^'"]+)['"]`)

// sources collects every secondary instance.
func (b *builder) sources() {
	b.root.each(func(e *element) {
		switch typ := strings.ToLower(e.typ); {
		case typ == "csv-external":
			b.source(e.name, "external file-csv/"+e.name+".csv", e)
			b.files[e.name] = e.name + ".csv"
		case typ == "xml-external":
			b.source(e.name, "external file/"+e.name+".xml", e)
			b.files[e.name] = e.name + ".xml"
		case e.file != "":
			base, ext, _ := cutLast(e.file, ".")
			uri := "file file/" + e.file
			if ext == "csv" {
				uri = "file file-csv/" + e.file
			}
			b.source(base, uri, e)
			b.files[base] = e.file
		case e.list != nil && !e.external && b.usedLists[e.list.name]:
			b.source(e.list.name, "choices choices", e)
		}
		for _, column := range []string{"relevant", "constraint", "calculation", "required", "read_only", "choice_filter", "default", "repeat_count"} {
			for _, m := range pulled.FindAllStringSubmatch(e.cells[column], -1) {
				b.source(m[1], "pulldata file-csv/"+strings.TrimSuffix(m[1], ".csv")+".csv", e)
				b.files[m[1]] = strings.TrimSuffix(m[1], ".csv") + ".csv"
			}
		}
	})
}

// checkAudit judges the parameters of the audit log, which the kit leaves out
// but other programs keep.
func (b *builder) checkAudit(e *element, fault func(string, ...any)) {
	where := []string{"location-priority", "location-min-interval", "location-max-age"}
	count := 0
	for _, key := range where {
		if e.parameters[key] != "" {
			count++
		}
	}
	if count > 0 && count < len(where) {
		fault("An audit log with places needs all of %s.", strings.Join(where, ", "))
	}
	if v := e.parameters["location-priority"]; v != "" && !slices.Contains([]string{"no-power", "low-power", "balanced", "high-accuracy"}, v) {
		fault("The parameter location-priority must be no-power, low-power, balanced or high-accuracy.")
	}
	least, errLeast := strconv.Atoi(e.parameters["location-min-interval"])
	most, errMost := strconv.Atoi(e.parameters["location-max-age"])
	if count == len(where) && (errLeast != nil || errMost != nil || least < 0 || most < 0 || most < least) {
		fault("location-min-interval and location-max-age must be whole numbers of seconds, the second not smaller.")
	}
	for key, allowed := range map[string][]string{"track-changes": {"true", "false"}, "identify-user": {"true", "false"}, "track-changes-reasons": {"on-form-edit"}} {
		if v := e.parameters[key]; v != "" && !slices.Contains(allowed, v) {
			fault("The parameter %s must be %s.", key, strings.Join(allowed, " or "))
		}
	}
	if e.name != "audit" {
		fault("An audit log must be named audit.")
	}
}

// checkRange judges start, end, step and what hangs on them.
func (b *builder) checkRange(e *element, fault func(string, ...any)) {
	plain := e.appearance != "" && !strings.Contains(e.appearance, "vertical") && !strings.Contains(e.appearance, "no-ticks")
	for _, key := range []string{"tick_interval", "placeholder", "tick_labelset"} {
		if plain && e.parameters[key] != "" {
			fault("The parameter %s goes with the appearances vertical and no-ticks only.", key)
			return
		}
	}
	value := map[string]float64{"start": 1, "end": 10, "step": 1}
	for _, key := range []string{"start", "end", "step", "tick_interval", "placeholder"} {
		v, given := e.parameters[key]
		if !given {
			continue
		}
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			fault("The parameter %s must be a number.", key)
			return
		}
		value[key] = f
	}
	span := math.Abs(value["end"] - value["start"])
	whole := func(f float64) bool { q := f / value["step"]; return math.Abs(q-math.Round(q)) < 1e-9 }
	switch tick, given := value["tick_interval"]; {
	case value["step"] == 0:
		fault("The parameter step must not be 0.")
		return
	case value["step"] > span:
		fault("The parameter step must not be larger than the range.")
	case given && (tick == 0 || tick > span || !whole(tick)):
		fault("The parameter tick_interval must be a multiple of step within the range.")
	}
	if p, given := value["placeholder"]; given {
		if p < min(value["start"], value["end"]) || p > max(value["start"], value["end"]) || !whole(p-value["start"]) {
			fault("The parameter placeholder must be one of the numbers of the range.")
		}
	}
	if list := e.parameters["tick_labelset"]; list != "" {
		l := b.lists[list]
		if l == nil {
			fault("There is no list of choices named %s for tick_labelset.", list)
			return
		}
		b.checkTicks(e, l, value, fault)
	}
}

// checkTicks judges the labels along a range: each stands at one of its
// numbers; without ticks only its ends have labels.
func (b *builder) checkTicks(e *element, l *choiceList, value map[string]float64, fault func(string, ...any)) {
	unit := value["step"]
	if tick, given := value["tick_interval"]; given {
		unit = tick
	}
	ends := map[float64]bool{}
	for _, item := range l.items {
		f, err := strconv.ParseFloat(item.name, 64)
		steps := (f - value["start"]) / unit
		if err != nil || f < min(value["start"], value["end"]) || f > max(value["start"], value["end"]) || math.Abs(steps-math.Round(steps)) > 1e-9 {
			fault("The choices of tick_labelset must be numbers of the range.")
			return
		}
		ends[f] = true
	}
	if strings.Contains(e.appearance, "no-ticks") && (len(ends) != 2 || !ends[value["start"]] || !ends[value["end"]]) {
		fault("Without ticks only the two ends of a range have labels.")
	}
}

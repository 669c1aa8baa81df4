package form

import (
	"fmt"
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
	case e.kind == Image:
		return []string{"app", "max-pixels"}
	case typ == "audio" || typ == "background-audio":
		return []string{"quality"}
	case e.kind == Geopoint && e.meta == "":
		return []string{"allow-mock-accuracy", "capture-accuracy", "warning-accuracy", "reference-geometry"}
	case e.kind == Geotrace || e.kind == Geoshape:
		return []string{"allow-mock-accuracy", "incremental", "reference-geometry"}
	case e.kind == Text && e.meta == "":
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
	for key, v := range e.parameters {
		number, err := strconv.ParseFloat(v, 64)
		whole := err == nil && number == float64(int(number))
		switch {
		case !slices.Contains(keys, key):
			fault("This type of question has no parameter %s; it takes %s.", key, strings.Join(keys, ", "))
		case key == "allow-mock-accuracy" || key == "incremental" && v != "":
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
	have, ok := b.instances[id]
	switch {
	case !ok || e.kind == Hidden:
		b.instances[id] = uri
	case strings.TrimPrefix(have, "pulldata ") != strings.TrimPrefix(uri, "pulldata "):
		b.fault(Finding{Code: codeListMissing, Path: e.path, Sheet: "survey", Row: e.row, Words: []string{id},
			Message: fmt.Sprintf("The name %s stands for two sources, %s and %s.", id, strings.TrimPrefix(have, "pulldata "), strings.TrimPrefix(uri, "pulldata "))})
	case strings.HasPrefix(have, "pulldata "):
		b.instances[id] = uri
	}
}

// pulled finds the files that pulldata() names.
var pulled = regexp.MustCompile(`pulldata\s*\(\s*['"]([^'"]+)['"]`)

// sources collects every secondary instance.
func (b *builder) sources() {
	b.root.each(func(e *element) {
		switch typ := strings.ToLower(e.typ); {
		case typ == "csv-external":
			b.source(e.name, "file-csv/"+e.name+".csv", e)
			b.files[e.name] = e.name + ".csv"
		case typ == "xml-external":
			b.source(e.name, "file/"+e.name+".xml", e)
			b.files[e.name] = e.name + ".xml"
		case e.file != "":
			base, ext, _ := cutLast(e.file, ".")
			uri := "file/" + e.file
			if ext == "csv" {
				uri = "file-csv/" + e.file
			}
			b.source(base, uri, e)
			b.files[base] = e.file
		case e.list != nil && !e.external:
			b.source(e.list.name, "choices", e)
		}
		for _, column := range []string{"relevant", "constraint", "calculation", "required", "read_only", "choice_filter", "default", "repeat_count"} {
			for _, m := range pulled.FindAllStringSubmatch(e.cells[column], -1) {
				b.source(m[1], "pulldata file-csv/"+strings.TrimSuffix(m[1], ".csv")+".csv", e)
				b.files[m[1]] = strings.TrimSuffix(m[1], ".csv") + ".csv"
			}
		}
	})
}

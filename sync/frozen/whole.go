package frozen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
)

// Whole holds a package to having golden bytes for all it writes: every struct
// type of its sources (the test's folder) that has CBOR keys must stand among
// the values, or within them, with every field of it filled somewhere. Types
// written by hand are named in except. It gives how many types there are.
func Whole(t testing.TB, values []any, except ...string) (types int) {
	t.Helper()
	filled := map[string]bool{}
	for _, v := range values {
		fill(reflect.ValueOf(v), filled)
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range fieldsOf(parsed, except, &types) {
			if !filled[name] {
				t.Errorf("%s is written and has no golden bytes", name)
			}
		}
	}
	return types
}

// fill notes which fields of which types are filled.
func fill(v reflect.Value, filled map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), filled)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), filled)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				filled[v.Type().Name()+"."+v.Type().Field(i).Name] = true
				fill(v.Field(i), filled)
			}
		}
	}
}

// fieldsOf lists the fields of the types of a file that have CBOR keys.
func fieldsOf(file *ast.File, except []string, types *int) (out []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		body, ok := spec.Type.(*ast.StructType)
		if !ok || !keyed(body) {
			return true
		}
		for _, name := range except {
			if name == spec.Name.Name {
				return true
			}
		}
		*types++
		for _, field := range body.Fields.List {
			for _, name := range field.Names {
				if name.Name != "_" && (field.Tag == nil || !strings.Contains(field.Tag.Value, `cbor:"-"`)) {
					out = append(out, spec.Name.Name+"."+name.Name)
				}
			}
		}
		return true
	})
	return out
}

func keyed(body *ast.StructType) bool {
	for _, f := range body.Fields.List {
		if f.Tag != nil && strings.Contains(f.Tag.Value, "cbor:") {
			return true
		}
	}
	return false
}

package berth

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What of the header this package does without, and why.
var unused = map[string]string{
	"BERTH_VERSION":           "LibraryVersion asks the library for its own",
	"BERTH_GANG_LEVELS":       "cgo knows the length of the arrays",
	"BERTH_RANK_LINKS":        "likewise",
	"BERTH_HISTOGRAM_BUCKETS": "likewise",
}

// The library checks these limits, and names them.
var checkedByLibrary = regexp.MustCompile(`^BERTH_MAX_`)

type header struct {
	functions []string
	constants []string
	fields    map[string][]string // by struct
}

var (
	comments  = regexp.MustCompile(`(?s)/\*.*?\*/`)
	functions = regexp.MustCompile(`(?s)\b(berth_\w+)\s*\([^()]*\)\s*;`)
	defines   = regexp.MustCompile(`(?m)^#define (BERTH_\w+) \S`)
	enums     = regexp.MustCompile(`(?s)\benum \{(.*?)\};`)
	structs   = regexp.MustCompile(`(?s)typedef struct (berth_\w+) \{(.*?)\} berth_\w+;`)
	names     = regexp.MustCompile(`BERTH_\w+`)
	field     = regexp.MustCompile(`(\w+)(\[\w+\])?$`)
)

func readHeader(t *testing.T) header {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "include", "berth.h"))
	if err != nil {
		t.Fatal(err)
	}
	source := comments.ReplaceAllString(string(text), " ")
	h := header{fields: map[string][]string{}}
	for _, match := range functions.FindAllStringSubmatch(source, -1) {
		h.functions = append(h.functions, match[1])
	}
	for _, match := range defines.FindAllStringSubmatch(source, -1) {
		h.constants = append(h.constants, match[1])
	}
	for _, enum := range enums.FindAllStringSubmatch(source, -1) {
		for _, entry := range strings.Split(enum[1], ",") {
			if name := names.FindString(entry); name != "" {
				h.constants = append(h.constants, name)
			}
		}
	}
	for _, record := range structs.FindAllStringSubmatch(source, -1) {
		for _, declaration := range strings.Split(record[2], ";") {
			for _, part := range strings.Split(declaration, ",") {
				if match := field.FindStringSubmatch(strings.TrimSpace(part)); match != nil {
					h.fields[record[1]] = append(h.fields[record[1]], match[1])
				}
			}
		}
	}
	return h
}

// packageSource is the package's code without its tests, comments and directives, and what it names: C.name, .field,
// name( and so on.
func packageSource(t *testing.T) (source string, named map[string]bool) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)(^|\s)//.*$`)
	var all strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "noescape.go" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(lines.ReplaceAllString(string(text), "\n"))
	}
	named = map[string]bool{}
	for _, form := range []string{`C\.\w+`, `\w+\(`, `\.\w+`, `->\w+`} {
		for _, use := range regexp.MustCompile(form).FindAllString(all.String(), -1) {
			named[strings.Replace(use, "->", ".", 1)] = true
		}
	}
	return all.String(), named
}

func TestEveryFunctionOfTheHeaderIsUsed(t *testing.T) {
	_, named := packageSource(t)
	h := readHeader(t)
	if len(h.functions) < 100 || !slices.Contains(h.functions, "berth_rank_multiples") {
		t.Fatalf("%d functions were found in the header, which has more", len(h.functions))
	}
	for _, name := range h.functions {
		if !named[name+"("] {
			t.Errorf("%s is called nowhere in this package", name)
		}
	}
}

func TestEveryConstantOfTheHeaderIsUsed(t *testing.T) {
	_, named := packageSource(t)
	h := readHeader(t)
	if len(h.constants) < 250 || !slices.Contains(h.constants, "BERTH_PIPELINE") {
		t.Fatalf("%d constants were found in the header, which has more", len(h.constants))
	}
	for _, name := range h.constants {
		_, isUnused := unused[name]
		isUsed := named["C."+name]
		switch {
		case isUsed && isUnused:
			t.Errorf("%s is used now: strike it from the list", name)
		case !isUsed && !isUnused && !checkedByLibrary.MatchString(name):
			t.Errorf("%s is nowhere in this package", name)
		}
	}
}

// Records that are not mirrored as they are, which layout.go checks, are filled or read field by field.
func TestEveryFieldOfTheHeaderIsUsed(t *testing.T) {
	source, named := packageSource(t)
	h := readHeader(t)
	if len(h.fields) < 50 || !slices.Contains(h.fields["berth_gang_result"], "enough_domains") {
		t.Fatalf("%d structs were found in the header, which has more: %v", len(h.fields), h.fields["berth_gang_result"])
	}
	for record, fields := range h.fields {
		if strings.Contains(source, "C.sizeof_"+record+"]struct{}") { // in layout.go
			continue
		}
		for _, name := range fields {
			if name == "reserved" || name == "struct_size" {
				continue
			}
			if !named["."+name] {
				t.Errorf("%s.%s is nowhere in this package", record, name)
			}
		}
	}
}

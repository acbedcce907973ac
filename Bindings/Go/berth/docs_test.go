package berth

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Every exported name says what it is: in its own comment, or as a member of a described group of constants whose names
// speak for themselves.
func TestEveryExportedNameIsDocumented(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	set, count := token.NewFileSet(), 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if !d.Name.IsExported() || d.Recv != nil && !isExported(d.Recv.List[0].Type) {
					continue
				}
				count++
				if d.Doc == nil && d.Name.Name != "String" && d.Name.Name != "Error" {
					t.Errorf("%v: %s", set.Position(d.Pos()), d.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					count += checkSpec(t, set, d, spec)
				}
			}
		}
	}
	if count < 300 {
		t.Errorf("%d exported names were found, there are more", count)
	}
}

func isExported(receiver ast.Expr) bool {
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported()
}

func checkSpec(t *testing.T, set *token.FileSet, group *ast.GenDecl, spec ast.Spec) (count int) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return 0
		}
		count = 1
		if group.Doc == nil && s.Doc == nil && s.Comment == nil {
			t.Errorf("%v: type %s", set.Position(s.Pos()), s.Name)
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if !name.IsExported() {
				continue
			}
			count++
			if group.Doc == nil && s.Doc == nil && s.Comment == nil {
				t.Errorf("%v: %s", set.Position(s.Pos()), name)
			}
		}
	}
	return count
}

package berth

import (
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
)

// calls are all methods of an engine that ask the library, by reflection: none that is added later is forgotten. They
// may be called with whatever arguments; those that write files are not among them.
func calls(engine *Engine) map[string]reflect.Value {
	methods := map[string]reflect.Value{}
	value := reflect.ValueOf(engine)
	for i := range value.NumMethod() {
		switch name := value.Type().Method(i).Name; name {
		case "Close", "Events", "WriteSnapshot", "WriteSnapshotContext", "OpenJournal":
		default:
			methods[name] = value.Method(i)
		}
	}
	return methods
}

// functions are those that need no engine.
var rankFunctions = map[string]reflect.Value{
	"AssignRanks":   reflect.ValueOf(AssignRanks),
	"ReplaceRanks":  reflect.ValueOf(ReplaceRanks),
	"CostOfRanks":   reflect.ValueOf(CostOfRanks),
	"RankMultiples": reflect.ValueOf(RankMultiples),
}

// zeros are arguments of a call: zero, but for what Go's own conventions want not to be nil.
func zeros(call reflect.Type) []reflect.Value {
	var arguments []reflect.Value
	for i := range call.NumIn() {
		argument := reflect.Zero(call.In(i))
		switch call.In(i) {
		case reflect.TypeFor[context.Context]():
			argument = reflect.ValueOf(context.Background())
		case reflect.TypeFor[io.Writer]():
			argument = reflect.ValueOf(io.Discard)
		case reflect.TypeFor[func(*Statement) error]():
			argument = reflect.ValueOf(func(*Statement) error { return nil })
		}
		if call.IsVariadic() && i == call.NumIn()-1 {
			continue
		}
		if argument.Kind() == reflect.Pointer {
			argument = reflect.New(call.In(i).Elem())
		}
		arguments = append(arguments, argument)
	}
	return arguments
}

func failure(results []reflect.Value) error {
	err, _ := results[len(results)-1].Interface().(error)
	return err
}

func TestEveryCallOnAClosedEngineSaysSo(t *testing.T) {
	closed, _, _ := small(t)
	closed.Close()
	for name, engine := range map[string]*Engine{"closed": closed, "nil": nil, "zero": {}} {
		for method, call := range calls(engine) {
			if err := failure(call.Call(zeros(call.Type()))); !errors.Is(err, ErrClosed) && !errors.Is(err, BadArgument) {
				t.Errorf("%s on a %s engine gives %v", method, name, err)
			}
		}
		for event, err := range engine.Events().New() {
			if !errors.Is(err, ErrClosed) {
				t.Errorf("events of a %s engine: %v, %v", name, event, err)
			}
		}
		for name, err := range map[string]error{"WriteSnapshot": engine.WriteSnapshot("x"),
			"OpenJournal": engine.OpenJournal("x", 0)} {
			if !errors.Is(err, ErrClosed) {
				t.Errorf("%s gives %v", name, err)
			}
		}
		if err := engine.Close(); err != nil {
			t.Errorf("closing a %s engine gives %v", name, err)
		}
	}
}

func TestStatementsAndReadersOutliveTheirEngine(t *testing.T) {
	engine, _, class := small(t)
	if err := engine.EnableEvents(16); err != nil {
		t.Fatal(err)
	}
	fork, err := engine.Fork()
	if err != nil {
		t.Fatal(err)
	}
	defer fork.Close()
	statement, err := engine.Begin()
	if err != nil {
		t.Fatal(err)
	}
	reader := engine.Events()
	engine.Close()
	var none *Statement
	for name, err := range map[string]error{"commit": statement.Commit(), "discard": statement.Discard(),
		"no statement": none.Commit(), "zero statement": new(Statement).Discard()} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s gives %v", name, err)
		}
	}
	for _, err := range reader.New() {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("the reader gives %v", err)
		}
	}
	if placement := place(t, fork, class)[0]; placement.Outcome != Placed {
		t.Errorf("the fork gives %+v", placement)
	}
}

func TestZeroArgumentsAreServedOrRefused(t *testing.T) {
	engine, _, _ := small(t)
	defer engine.Close()
	for name, call := range calls(engine) {
		var refused *Error
		if err := failure(call.Call(zeros(call.Type()))); err != nil && !errors.As(err, &refused) {
			t.Errorf("%s gives %v", name, err)
		}
	}
	for name, call := range rankFunctions {
		if err := failure(call.Call(zeros(call.Type()))); !errors.Is(err, BadArgument) {
			t.Errorf("%s gives %v", name, err)
		}
	}
}

// bytesToArguments makes odd arguments of a fuzzer's bytes.
type bytesToArguments struct {
	bytes  []byte
	engine *Engine
	nodes  []NodeID
	pods   []PodID
}

func (b *bytesToArguments) next() byte {
	if len(b.bytes) == 0 {
		return 0
	}
	first := b.bytes[0]
	b.bytes = b.bytes[1:]
	return first
}

// integer is a small one most of the time, so that ids are often right.
func (b *bytesToArguments) integer() uint64 {
	first := b.next()
	if first < 0xe0 {
		return uint64(first & 7)
	}
	odd := []uint64{math.MaxUint64, math.MaxInt64, 1 << 63, math.MaxUint32, 1 << 31, 1 << 20, 1 << 50, 1000, 4000}
	return odd[int(first)%len(odd)]
}

func (b *bytesToArguments) text() string {
	odd := []string{"", "a", "b", "cpu", "zone", "x\x00y", "\xff\xfe", "metadata.name", "In", "7", "dgx-h100", "1g.10gb",
		"kubernetes.io/hostname", "node.kubernetes.io/unschedulable", "0.0.0.0", string(make([]byte, 2000))}
	return odd[int(b.next())%len(odd)]
}

func (b *bytesToArguments) value(kind reflect.Type, name string) reflect.Value {
	v := reflect.New(kind).Elem()
	switch kind {
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(context.Background())
	case reflect.TypeFor[io.Writer]():
		return reflect.ValueOf(io.Discard)
	case reflect.TypeFor[func(*Statement) error]():
		return reflect.ValueOf(func(*Statement) error { return nil })
	case reflect.TypeFor[func(*RerankBatch) error]():
		if b.next()&1 == 0 {
			v.Set(reflect.ValueOf(backwards))
		}
		return v
	case reflect.TypeFor[Fabric]():
		switch b.next() % 3 {
		case 0:
			v.Set(b.value(reflect.TypeFor[Ring](), ""))
		case 1:
			v.Set(b.value(reflect.TypeFor[Torus](), ""))
		}
		return v
	case reflect.TypeFor[NodeID]():
		if first := b.next(); first < 0xc0 {
			return reflect.ValueOf(b.nodes[int(first)%len(b.nodes)])
		}
	case reflect.TypeFor[PodID]():
		if first := b.next(); first < 0xc0 && len(b.pods) > 0 {
			return reflect.ValueOf(b.pods[int(first)%len(b.pods)])
		}
	}
	switch kind.Kind() {
	case reflect.Bool:
		v.SetBool(b.next()&1 != 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(b.integer()))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(b.integer())
		if name == "Iterations" { // it would take its time
			v.SetUint(v.Uint() & 1023)
		}
	case reflect.Float64:
		v.SetFloat([]float64{1, 0, -1, 0.5, 1e300, math.NaN(), math.Inf(1), 100}[b.next()%8])
	case reflect.String:
		v.SetString(b.text())
	case reflect.Slice:
		if length := int(b.next()) % 6; length != 5 { // else nil
			v.Set(reflect.MakeSlice(kind, length, length))
			for i := range length {
				v.Index(i).Set(b.value(kind.Elem(), ""))
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).Set(b.value(kind.Elem(), ""))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(kind))
		for range b.next() % 4 {
			v.SetMapIndex(b.value(kind.Key(), ""), b.value(kind.Elem(), ""))
		}
	case reflect.Pointer:
		if b.next()&3 != 0 || kind != reflect.TypeFor[*DeviceDemand]() {
			v.Set(reflect.New(kind.Elem()))
			v.Elem().Set(b.value(kind.Elem(), ""))
		}
	case reflect.Struct:
		for i := range kind.NumField() {
			if kind.Field(i).IsExported() {
				v.Field(i).Set(b.value(kind.Field(i).Type, kind.Field(i).Name))
			}
		}
	}
	return v
}

// FuzzCalls makes calls with arguments of all kinds: slices of lengths that do not agree, numbers and ids out of range,
// texts that are none. Whatever comes, a call is done or refused with an *Error, and the engine stays whole.
func FuzzCalls(f *testing.F) {
	names := slices.Sorted(maps.Keys(calls(nil)))
	names = append(names, slices.Sorted(maps.Keys(rankFunctions))...)
	for seed := range 96 {
		bytes := make([]byte, 600)
		state := uint64(seed)*2654435761 + 1
		for i := range bytes {
			state = state*6364136223846793005 + 1442695040888963407
			bytes[i] = byte(state >> 56)
		}
		f.Add(bytes)
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		engine, nodes, class := small(t)
		defer engine.Close()
		b := &bytesToArguments{bytes: bytes, engine: engine, nodes: nodes}
		for _, placement := range place(t, engine, class, class, class) {
			b.pods = append(b.pods, placement.Pod)
		}
		methods := calls(engine)
		maps.Copy(methods, rankFunctions)
		for range 200 {
			if len(b.bytes) == 0 {
				break
			}
			name := names[int(b.next())%len(names)]
			call := methods[name]
			if name == "EnableEvents" { // its ring would be large
				continue
			}
			var arguments []reflect.Value
			for i := range call.Type().NumIn() {
				argument := b.value(call.Type().In(i), "")
				if call.Type().IsVariadic() && i == call.Type().NumIn()-1 {
					for i := range argument.Len() {
						arguments = append(arguments, argument.Index(i))
					}
					continue
				}
				arguments = append(arguments, argument)
			}
			results := call.Call(arguments)
			var refused *Error
			if err := failure(results); err != nil && !errors.As(err, &refused) {
				t.Errorf("%s: %v is no *Error", name, err)
			}
			if placements, isPlaced := results[0].Interface().([]Placement); isPlaced {
				for _, placement := range placements {
					b.pods = append(b.pods, placement.Pod)
				}
			}
		}
		if err := engine.Validate(); err != nil {
			t.Error(err)
		}
	})
}

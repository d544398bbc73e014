// Command gitops says what Flux and Argo CD would say of an object, by the interpreters that they use: cel-go and gopher-lua.
// It reads a list of questions as JSON from standard input and prints the list of answers.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
	lua "github.com/yuin/gopher-lua"
)

// question is about one object: either by the expressions of a Flux Kustomization, or by a script of Argo CD.
type question struct {
	Object     map[string]any `json:"object"`
	InProgress string         `json:"inProgress"`
	Failed     string         `json:"failed"`
	Current    string         `json:"current"`
	Lua        string         `json:"lua"`
}

// answer is a status word, or why there is none.
type answer struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Error   string `json:"error"`
}

func main() {
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	var questions []question
	if err := decoder.Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, "gitops:", err)
		os.Exit(1)
	}
	answers := make([]answer, 0, len(questions))
	for _, question := range questions {
		object := numbers(question.Object).(map[string]any)
		ask := func() (answer, error) { return flux(question, object) }
		if question.Lua != "" {
			ask = func() (answer, error) { return argo(question.Lua, object) }
		}
		given, err := ask()
		if err != nil {
			given = answer{Error: err.Error()}
		}
		answers = append(answers, given)
	}
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, "gitops:", err)
		os.Exit(1)
	}
	fmt.Print(text.String())
}

// numbers gives whole numbers the type that a client of Kubernetes gives them.
func numbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			value[key] = numbers(child)
		}
	case []any:
		for index, child := range value {
			value[index] = numbers(child)
		}
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		broken, _ := value.Float64()
		return broken
	}
	return value
}

// flux decides as the RFC 0009 of Flux says: an old generation is in progress; then the first expression that is true.
func flux(question question, object map[string]any) (answer, error) {
	status, _ := object["status"].(map[string]any)
	metadata, _ := object["metadata"].(map[string]any)
	if observed, ok := status["observedGeneration"]; ok && observed != metadata["generation"] {
		return answer{Status: "InProgress"}, nil
	}
	for _, step := range []struct{ expression, status string }{
		{question.InProgress, "InProgress"}, {question.Failed, "Failed"}, {question.Current, "Current"},
	} {
		if step.expression == "" {
			continue
		}
		holds, err := evaluate(step.expression, object)
		if err != nil {
			return answer{}, err
		}
		if holds {
			return answer{Status: step.status}, nil
		}
	}
	return answer{Status: "InProgress"}, nil
}

// evaluate parses without types: the variables are whatever the object has at its top.
func evaluate(expression string, object map[string]any) (bool, error) {
	environment, err := cel.NewEnv(cel.HomogeneousAggregateLiterals(), cel.EagerlyValidateDeclarations(true),
		cel.DefaultUTCTimeZone(true), cel.CrossTypeNumericComparisons(true), cel.OptionalTypes(),
		ext.Strings(), ext.Sets(), ext.Encoders())
	if err != nil {
		return false, err
	}
	parsed, issues := environment.Parse(expression)
	if issues != nil && issues.Err() != nil {
		return false, issues.Err()
	}
	program, err := environment.Program(parsed)
	if err != nil {
		return false, err
	}
	value, _, err := program.Eval(object)
	if err != nil {
		return false, err
	}
	holds, ok := value.Value().(bool)
	if !ok {
		return false, errors.New("the expression gives no truth value")
	}
	return holds, nil
}

// argo runs the script as Argo CD does without `useOpenLibs`: the base and table libraries, one second, `obj` in sight.
func argo(script string, object map[string]any) (answer, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		state.Push(state.NewFunction(open))
		state.Push(lua.LString(name))
		state.Call(1, 0)
	}
	limit, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	state.SetContext(limit)
	state.SetGlobal("obj", toLua(state, object))
	if err := state.DoString(script); err != nil {
		return answer{}, err
	}
	health, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return answer{}, errors.New("the script returns no table")
	}
	return answer{Status: lua.LVAsString(health.RawGetString("status")), Message: lua.LVAsString(health.RawGetString("message"))}, nil
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case bool:
		return lua.LBool(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	case string:
		return lua.LString(value)
	case []any:
		table := state.NewTable()
		for _, child := range value {
			table.Append(toLua(state, child))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for key, child := range value {
			table.RawSetString(key, toLua(state, child))
		}
		return table
	}
	return lua.LNil
}

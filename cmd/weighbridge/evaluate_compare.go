package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/fdp"
)

// compared is what --compare names: determinations, and with a statement the facts
// and the question that they answer.
type compared struct {
	determinations []fdp.Determination
	statement      *attest.Determination
	facts          fdp.Facts
}

func (c compared) carries() bool { return c.statement != nil }

// asked is the statement's own question; what the flags say counts before it.
func (c compared) asked(q fdp.Question, o evaluateOptions) fdp.Question {
	own := c.statement.Question
	if len(q.Regimes) == 0 {
		q.Regimes = []string{own.Regime}
	}
	if o.asOf == "" {
		if day, err := fdp.ParseDate(own.AsOf); err == nil {
			q.AsOf = day
		}
	}
	if q.Destination == "" {
		q.Destination = own.Destination
	}
	for name, value := range own.Options {
		if _, chosen := q.Options[name]; !chosen {
			q.Options[name] = value
		}
	}
	return q
}

func readCompared(path string) (compared, error) {
	file, err := os.Open(path)
	if err != nil {
		return compared{}, fmt.Errorf("--compare: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, 2*attest.MaxStatementBytes))
	if err != nil {
		return compared{}, fmt.Errorf("--compare %s: %w", path, err)
	}
	c, err := parseCompared(data)
	if err != nil {
		return c, fmt.Errorf("--compare %s: %w; expected what evaluate --json printed, or a statement or bundle that holds a determination", path, err)
	}
	return c, nil
}

func parseCompared(data []byte) (compared, error) {
	var shape struct {
		Schema         string            `json:"schema"`
		Determinations []json.RawMessage `json:"determinations"`
		Envelope       struct {
			Payload string `json:"payload"`
		} `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(data, &shape); err != nil {
		return compared{}, jsonFault(err)
	}
	if shape.Schema == "weighbridge.dev/evaluate/v1" {
		return comparedList(shape.Determinations)
	}
	payload := data
	if shape.Envelope.Payload != "" {
		var err error
		if payload, err = base64.StdEncoding.DecodeString(shape.Envelope.Payload); err != nil {
			return compared{}, fmt.Errorf("dsseEnvelope.payload: %w", err)
		}
	}
	statement, err := attest.ParseStatement([]byte(strings.TrimRight(string(payload), "\n")))
	if err != nil {
		return compared{}, err
	}
	if statement.Determination == nil {
		return compared{}, fmt.Errorf("the statement is of the type %.80q", statement.PredicateType)
	}
	return comparedStatement(statement.Determination)
}

func comparedList(raw []json.RawMessage) (c compared, err error) {
	if len(raw) == 0 {
		return c, fmt.Errorf("it holds no determinations")
	}
	for _, one := range raw {
		var d fdp.Determination
		if err := json.Unmarshal(one, &d); err != nil {
			return c, jsonFault(err)
		}
		if d.Regime == "" || slices.ContainsFunc(c.determinations, func(have fdp.Determination) bool { return have.Regime == d.Regime }) {
			return c, fmt.Errorf("regime %q: expected each regime once", d.Regime)
		}
		c.determinations = append(c.determinations, d)
	}
	return c, nil
}

func comparedStatement(s *attest.Determination) (c compared, err error) {
	c.statement = s
	if c.facts, err = fdp.ParseFacts(s.Facts, "facts"); err != nil {
		return c, err
	}
	c.facts = c.facts.WithGrades(s.Grades)
	d, err := fdp.ParseDetermination(s.Result)
	c.determinations = []fdp.Determination{d}
	return c, err
}

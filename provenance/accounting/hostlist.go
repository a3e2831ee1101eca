package accounting

import (
	"fmt"
	"strconv"
	"strings"
)

// hostlist expands Slurm's list of nodes, as in gpu[01-03,7],login1
// (doc/man/man1/scontrol.1, "hostlist"). "None assigned" and an empty list are no
// nodes.
func hostlist(text string) ([]string, error) {
	if text == "" || strings.HasPrefix(text, "None") {
		return nil, nil
	}
	if len(text) > 64<<10 {
		return nil, fmt.Errorf("NodeList of %d bytes: expected at most 65536", len(text))
	}
	if err := named("NodeList", text[:min(len(text), maxName)]); err != nil {
		return nil, err
	}
	var nodes []string
	for len(text) > 0 {
		var part string
		part, text = cutHost(text)
		expanded, err := expandHost(part)
		if err != nil {
			return nil, err
		}
		if nodes = append(nodes, expanded...); len(nodes) > maxNodes {
			return nil, fmt.Errorf("NodeList: more than %d nodes", maxNodes)
		}
	}
	return nodes, nil
}

// cutHost cuts at the first comma outside of brackets.
func cutHost(text string) (part, rest string) {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 {
				return text[:i], text[i+1:]
			}
		}
	}
	return text, ""
}

func expandHost(part string) ([]string, error) {
	prefix, rest, ranged := strings.Cut(part, "[")
	if !ranged {
		return []string{part}, nil
	}
	inside, suffix, closed := strings.Cut(rest, "]")
	if !closed {
		return nil, fmt.Errorf("NodeList %.60q: a [ is not closed", part)
	}
	tails, err := expandHost(suffix) // a second dimension
	if err != nil {
		return nil, err
	}
	var nodes []string
	for _, span := range strings.Split(inside, ",") {
		numbers, err := expandSpan(span)
		if err != nil {
			return nil, err
		}
		if len(numbers)*len(tails)+len(nodes) > maxNodes {
			return nil, fmt.Errorf("NodeList %.60q: more than %d nodes", part, maxNodes)
		}
		for _, n := range numbers {
			for _, tail := range tails {
				nodes = append(nodes, prefix+n+tail)
			}
		}
	}
	return nodes, nil
}

func expandSpan(span string) ([]string, error) {
	first, last, ranged := strings.Cut(span, "-")
	if !ranged {
		return []string{span}, nil
	}
	a, errA := strconv.ParseUint(first, 10, 31)
	b, errB := strconv.ParseUint(last, 10, 31)
	if errA != nil || errB != nil || b < a || b-a >= maxNodes {
		return nil, fmt.Errorf("NodeList %.60q: expected a range such as 01-08, of at most %d", span, maxNodes)
	}
	var numbers []string
	for n := a; n <= b; n++ {
		numbers = append(numbers, fmt.Sprintf("%0*d", len(first), n))
	}
	return numbers, nil
}

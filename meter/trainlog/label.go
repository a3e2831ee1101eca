package trainlog

import "bytes"

// labelOf takes a line apart into what a launcher puts before the lines of each of its
// processes, and the rest: "3: " of srun --label, "[default3]:" or "[rank3]:" of torchrun, and
// "[1,3]<stdout>:" of mpirun --tag-output. The lines of the ranks are then the same
// again where they say the same, and no work that was done once more.
func labelOf(text []byte) (label, rest []byte) {
	i := blanks(text, 0)
	if end := rankNumber(text, i); end > i && end+1 < len(text) && text[end] == ':' && text[end+1] == ' ' {
		return text[i:end], text[end+2:]
	}
	if i >= len(text) || text[i] != '[' {
		return nil, text
	}
	if end := bracket(text, i+1); end > 0 {
		return text[i:end], text[blanks(text, end):]
	}
	return nil, text
}

// rank is the number of the process in the line's label; "" without.
func (l line) rank() string {
	digit := func(r rune) bool { return r >= '0' && r <= '9' }
	end := bytes.LastIndexFunc(l.label, digit) + 1
	return string(l.label[bytes.LastIndexFunc(l.label[:end], func(r rune) bool { return !digit(r) })+1 : end])
}

// bracket returns where a label ends that began with a bracket before from; 0 where
// it is none.
func bracket(text []byte, from int) int {
	i := from
	for i < len(text) && (text[i] >= 'a' && text[i] <= 'z' || text[i] == '_') {
		i++
	}
	named := i > from
	end := rankNumber(text, i)
	if end == i {
		return 0
	}
	if !named { // job and rank
		if end >= len(text) || text[end] != ',' {
			return 0
		}
		i = end + 1
		if end = rankNumber(text, i); end == i {
			return 0
		}
	}
	closing := []string{"]:"}
	if !named {
		closing = []string{"]<stdout>:", "]<stderr>:"}
	}
	for _, c := range closing {
		if len(text) >= end+len(c) && string(text[end:end+len(c)]) == c {
			return end + len(c)
		}
	}
	return 0
}

// blanks is where the blanks from i on end.
func blanks(text []byte, i int) int {
	for i < len(text) && text[i] == ' ' {
		i++
	}
	return i
}

// maxLabel is how many digits the number of a rank has at most.
const maxLabel = 7

// rankNumber is where the digits from i on end; i where they are more than a rank has.
func rankNumber(text []byte, i int) int {
	end := i
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		if end++; end-i > maxLabel {
			return i
		}
	}
	return end
}

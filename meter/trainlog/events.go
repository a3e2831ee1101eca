package trainlog

import (
	"encoding/binary"
	"hash/crc32"
)

// eventFormat is the name of the format of event files.
const eventFormat = "tensorboard"

// An event file is a sequence of TFRecords: the length of the data (8 bytes,
// little-endian), its masked CRC-32C (4), the data, and the data's (4).
const (
	eventHeader  = 12
	eventTrailer = 4
	maxEvent     = 1 << 20 // longer records, such as images, are checked and not kept
)

// masked is the CRC of TFRecord: that of Castagnoli, rotated right by 15 bits,
// plus a constant.
func masked(sum uint32) uint32 { return (sum>>15 | sum<<17) + 0xa282ead8 }

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made once by the standard library

// isEvents tells an event file by its first bytes: text has no byte of 0 among
// the upper half of what would be a length. It is not known before the header is
// there.
func isEvents(head []byte) (is, known bool) {
	for i := 4; i < min(8, len(head)); i++ {
		if head[i] != 0 {
			return false, true
		}
	}
	if len(head) < eventHeader {
		return false, false
	}
	return headerHolds(head), true
}

func headerHolds(head []byte) bool {
	return masked(crc32.Checksum(head[:8], castagnoli())) == binary.LittleEndian.Uint32(head[8:])
}

// eventReader takes records out of an event file that comes in pieces.
type eventReader struct {
	part    []byte // of the header, the data or the trailer
	left    uint64 // bytes of data still to come
	sum     uint32 // of the data so far
	stage   int    // 0 header, 1 data, 2 trailer
	long    bool   // the data is not kept
	at      int64  // bytes up to the end of the last complete record
	offset  int64
	data    []byte
	records uint64
	damaged uint64 // records whose data is not what was written
	broken  bool   // a header does not hold: what follows cannot be found
}

func (e eventReader) clone() eventReader {
	e.part, e.data = append([]byte(nil), e.part...), append([]byte(nil), e.data...)
	return e
}

// feed reads a piece and hands over each record that is complete.
func (e *eventReader) feed(p []byte, record func(data []byte, at int64)) {
	for len(p) > 0 && !e.broken {
		n := 0
		switch e.stage {
		case 0:
			n = e.header(p)
		case 1:
			n = e.body(p)
		case 2:
			n = e.trailer(p, record)
		}
		e.offset += int64(n)
		if e.stage == 0 && len(e.part) == 0 && !e.broken {
			e.at = e.offset
		}
		p = p[n:]
	}
}

// collect moves bytes from p to part until it has want of them.
func (e *eventReader) collect(p []byte, want int) (taken int, complete bool) {
	taken = min(len(p), want-len(e.part))
	e.part = append(e.part, p[:taken]...)
	return taken, len(e.part) == want
}

func (e *eventReader) header(p []byte) int {
	n, complete := e.collect(p, eventHeader)
	if !complete {
		return n
	}
	if !headerHolds(e.part) {
		e.broken = true
		return n
	}
	e.left, e.sum = binary.LittleEndian.Uint64(e.part), 0
	e.long, e.data, e.part, e.stage = e.left > maxEvent, e.data[:0], e.part[:0], 1
	if e.left == 0 {
		e.stage = 2
	}
	return n
}

func (e *eventReader) body(p []byte) int {
	n := int(min(uint64(len(p)), e.left))
	e.sum = crc32.Update(e.sum, castagnoli(), p[:n])
	if !e.long {
		e.data = append(e.data, p[:n]...)
	}
	if e.left -= uint64(n); e.left == 0 {
		e.stage = 2
	}
	return n
}

func (e *eventReader) trailer(p []byte, record func([]byte, int64)) int {
	n, complete := e.collect(p, eventTrailer)
	if !complete {
		return n
	}
	holds := masked(e.sum) == binary.LittleEndian.Uint32(e.part)
	e.part, e.stage = e.part[:0], 0
	switch {
	case !holds:
		e.damaged++
	case e.long:
		record(nil, e.at)
	default:
		record(e.data, e.at)
	}
	e.records++
	return n
}

// eventsEnd notes what stands behind the last complete record.
func (s *state) eventsEnd(e eventReader, size int64) {
	for _, p := range s.candidates {
		if t, is := p.(*tensorBoard); is {
			t.unread, t.records = uint64(size-e.at), e.records
		}
	}
	if e.damaged > 0 {
		s.notes.add(EventDamaged, e.at, e.damaged, 0)
	}
	if e.broken {
		s.notes.add(EventsBroken, e.at, uint64(size-e.at), 0)
	}
}

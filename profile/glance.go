package profile

import (
	"rapport"
	"rapport/internal/wire"
)

// Glance is the little of a record that is wanted of everybody at once.
type Glance struct {
	FactSet  uint64
	Homes    uint64
	Walks    uint64
	Seat     uint32
	Segments []byte // in the record's own memory
	Journeys []byte // likewise
}

// GlanceAt reads the little of a record that a [Glance] holds and passes over the
// rest, so it takes no memory and costs the same whatever else is kept of her.
func GlanceAt(id rapport.CustomerID, data []byte) (g Glance, err error) {
	in := wire.NewReader(data)
	if in.Byte() != formatVersion {
		return g, errFormat(id)
	}
	for in.Len() > 0 {
		number, body := in.Uint(), in.Bytes()
		switch number {
		case sectionCore:
			var r Record
			core := wire.NewReader(body)
			r.readCore(core)
			if core.Err() != nil {
				return g, errDamaged(id)
			}
			g.FactSet, g.Homes, g.Walks, g.Seat = r.FactSet, r.Homes, r.Walks, r.Seat
		case sectionSegments:
			g.Segments = body
		case sectionJourneys:
			g.Journeys = body
		}
		if in.Err() != nil {
			return g, errDamaged(id)
		}
	}
	return g, nil
}

func errFormat(id rapport.CustomerID) error {
	return rapport.Errorf(rapport.Internal, "the record of %v is in a format that this version does not know", id)
}

func errDamaged(id rapport.CustomerID) error {
	return rapport.Errorf(rapport.Internal, "the record of %v is damaged", id)
}

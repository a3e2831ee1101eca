package verify

import "fmt"

// signedPoints holds the checkpoints to the meter keys and witnesses of the policy,
// where it names any.
func (v *verification) signedPoints(l *provedLog) error {
	for i := range l.points {
		p := &l.points[i]
		var err error
		if len(v.policy.Meters) > 0 {
			if p.meter, err = MeterOf(p.Checkpoint, v.policy.Meters); err != nil {
				return fmt.Errorf("the meter's signature: %w", err)
			}
			if v.policy.RightMeter != nil {
				err = v.policy.RightMeter(p.Head, p.meter)
			}
			if err != nil {
				return fmt.Errorf("the meter's key: %w", err)
			}
		}
		if v.policy.Witnesses == nil {
			continue
		}
		if p.seen, p.met, err = v.policy.Witnesses.Cosigned(p.Checkpoint); err != nil {
			return err
		}
		p.metAt = v.policy.Witnesses.MetAt(p.Checkpoint, p.seen)
		if problem := v.revokedMeter(*p); problem != nil {
			return fmt.Errorf("%s at %d entries: the meter's key: %s", l.origin, p.Head.Size, problem.Message)
		}
	}
	return nil
}

// revokedMeter: a checkpoint by a meter key that is revoked holds where witnesses
// saw it before.
func (v *verification) revokedMeter(p point) *Problem {
	if p.meter == nil {
		return nil
	}
	var at times
	if p.met {
		at = times{{Time: timeText(p.metAt)}}
	}
	return v.policy.revoked(p.meter.ID(), at)
}

package verify

import "fmt"

// signedPoints holds the checkpoints to the meter keys and witnesses of the policy,
// where it names any.
func (v *verification) signedPoints(l *provedLog) *Problem {
	for i := range l.points {
		p := &l.points[i]
		if err := v.signedPoint(p); err != nil {
			return badProof(err)
		}
		if problem := v.revokedMeter(*p); problem != nil {
			problem.Message = fmt.Sprintf("%s at %d entries: the meter's key: %s", l.origin, p.Head.Size, problem.Message)
			return problem
		}
	}
	return nil
}

func (v *verification) signedPoint(p *point) (err error) {
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
	if v.policy.Witnesses != nil {
		p.seen, p.metAt, err = v.policy.Witnesses.Cosigned(p.Checkpoint)
	}
	return err
}

// revokedMeter: a checkpoint by a meter key that is revoked holds where witnesses of
// the policy saw it before; without any, nothing shows that they did.
func (v *verification) revokedMeter(p point) *Problem {
	if p.meter == nil {
		return nil
	}
	var at times
	if p.met() {
		at = times{{Time: timeText(p.metAt)}}
	}
	problem := v.policy.revoked(p.meter.ID(), at)
	if problem != nil {
		problem.Code = CodeLedgerProof
		problem.Hint = "do not rely on the figures: whoever has the key now can have signed other ones; ask for checkpoints by the meter key that holds, or name the witnesses who saw these before (--witness-policy, a policy's witness_policy)"
	}
	return problem
}

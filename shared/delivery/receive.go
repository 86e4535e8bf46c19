package delivery

import (
	"context"
	"fmt"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/table"
)

// Receive registers a version of an object in the drop bucket. It gives the
// delivery and whether its state machine is to be started: not when it has
// ended already (an event that came twice), and not when the sender or the
// feed is unknown: that delivery is put into quarantine at once. The marker of
// an empty folder, as consoles make them, is no delivery: its ID is empty.
func (s *Service) Receive(ctx context.Context, ref object.Ref) (d Delivery, start bool, err error) {
	const op = "delivery.Receive"
	info, err := s.Objects.Head(ctx, ref)
	if err != nil {
		return d, false, fmt.Errorf("%s: %w", op, err)
	}
	if info.Size == 0 && strings.HasSuffix(info.Key, "/") {
		return d, false, nil
	}
	d = s.describe(info)
	err = s.Table.Commit(ctx, table.Write{Key: deliveryKey(d.ID), Body: encode(d), If: table.Absent})
	if failure.Is(err, failure.Conflict) {
		if d, _, err = s.get(ctx, d.ID); err != nil {
			return d, false, err
		}
	}
	if err != nil {
		return d, false, fmt.Errorf("%s: %w", op, err)
	}
	if !d.Reported && d.Feed == "" {
		_, err = s.Quarantine(ctx, QuarantineInput{Delivery: d.ID, Reason: d.Reason})
		return d, false, err
	}
	return d, !d.Reported, nil
}

// ID gives the id of the delivery that an object is: its time, and a keyed
// hash of what names it.
func (s *Service) ID(info object.Info) string {
	return s.Hasher.ULID(info.Modified, "delivery", info.Bucket, info.Key, info.Version)
}

// describe makes the delivery of an object. A Reason on a registered delivery
// sends it to quarantine.
func (s *Service) describe(info object.Info) Delivery {
	d := Delivery{
		ID:     s.ID(info),
		Bucket: info.Bucket, Key: info.Key, Version: info.Version,
		Size: info.Size, Received: info.Modified.UTC(), Status: Registered,
	}
	parts := strings.SplitN(info.Key, "/", 3)
	if len(parts) < 3 || parts[2] == "" {
		d.Reason = "the key is not of the form <ODS>/<feed>/<file>: nobody can be told whose file it is"
		return d
	}
	p, f, known := s.Partners.Find(parts[0], parts[1])
	switch {
	case p == nil:
		d.Reason = "the organisation in the key is not in the partner register"
	case !known || f == nil:
		d.Organisation = p.ODS
		d.Reason = "the organisation has no feed of the name in the key"
	default:
		d.Organisation, d.Feed = p.ODS, f.Name
	}
	return d
}

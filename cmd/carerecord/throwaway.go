package main

import (
	"context"
	"errors"
	"os"
	"path"

	"github.com/carerecord/carerecord/cmd/carerecord/region"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/sample"
)

// throwaway runs f on an empty region that is gone afterwards.
func throwaway(name string, partners *partner.Register, f func(*region.Region) error) error {
	data, err := os.MkdirTemp("", "carerecord-"+name+"-")
	if err != nil {
		return failure.Wrap(failure.Unavailable, name, err)
	}
	defer os.RemoveAll(data)
	r, err := region.Open(region.Settings{Data: data, Partners: partners})
	if err != nil {
		return err
	}
	return errors.Join(f(r), r.Close())
}

// dropSample drops a file of the sample region and gives its delivery's id.
func dropSample(ctx context.Context, r *region.Region, s sample.Delivery) (string, error) {
	file, err := sample.FS.Open(s.File)
	if err != nil {
		return "", failure.Wrap(failure.Internal, "dropSample", err)
	}
	defer file.Close()
	return r.Drop(ctx, s.ODS+"/"+s.Feed+"/"+path.Base(s.File), file)
}

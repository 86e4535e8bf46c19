// Package functions holds the region's Lambda functions, a folder each, named
// by what it does. They are all alike: settings, clients, a handler from shared/
// and the start; no rule of the domain stands here. The catalogue beside them
// says what calls each and what it needs.
//
// A function is built for arm64 of provided.al2023 by
//
//	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -tags lambda.norpc -trimpath -buildvcs=false \
//		-ldflags="-s -w -buildid=" -o bin/functions/<name>/bootstrap ./functions/<name>
//
// and its package is bootstrap with the region's partner register beside it, as
// partners.yaml, and the model of its patient index, as model.json, if it has
// one of its own. The same source gives the same bytes. A binary stays under
// MaxBinaryBytes: a larger one takes longer to start.
package functions

// MaxBinaryBytes is the most that a function's binary may have.
const MaxBinaryBytes = 15_000_000

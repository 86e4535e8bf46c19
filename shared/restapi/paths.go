package restapi

import "net/http"

// Path is a path of the API in the pattern that http.ServeMux and API Gateway
// both write, with the methods that are answered there.
type Path struct {
	Pattern string
	Methods []string
	Public  bool // answered without a token
}

// The patterns. A type and an id take the same place in a path, and so do an id
// and an operation of a type: API Gateway has no pattern that begins with $.
const (
	patternMetadata  = Base + "/metadata"
	patternType      = Base + "/{type}"
	patternSearch    = Base + "/{type}/_search"
	patternInstance  = Base + "/{type}/{id}"
	patternOperation = Base + "/{type}/{id}/{operation}"
)

// Paths lists every path of the API, for whoever stands before it: a path or a
// method that is not here is answered by nothing. HEAD is answered as GET.
func Paths() []Path {
	read := []string{http.MethodGet, http.MethodHead}
	both := []string{http.MethodGet, http.MethodHead, http.MethodPost}
	return []Path{
		{Pattern: patternMetadata, Methods: read, Public: true},
		{Pattern: patternType, Methods: read},
		{Pattern: patternSearch, Methods: []string{http.MethodPost}},
		{Pattern: patternInstance, Methods: both},
		{Pattern: patternOperation, Methods: both},
	}
}

package restapi

import (
	"context"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/fhir"
)

// route is one interaction. Its name is what logs and the audit trail show of
// the path: the path that came may hold anything.
type route struct {
	name        string
	interaction audit.Interaction
	activity    access.Activity // what the policy point is asked; none is refused
	public      bool
	operation   bool // the body may be FHIR JSON
	// choose, where one path serves two ends, gives the route that the parameters
	// mean. The policy point is asked for both.
	choose func(route, parameters) route
	handle func(context.Context, *call) (answer, error)
}

// methods are the routes of one path. HEAD is answered as GET.
type methods map[string]route

func (m methods) allow() string {
	var list []string
	for name := range m {
		list = append(list, name)
	}
	if _, ok := m[http.MethodGet]; ok {
		list = append(list, http.MethodHead)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// routes maps paths to interactions. The patterns are those of
// http.ServeMux; types and operations are told apart below, as a type and an
// id take the same place in a path.
func (s *server) routes() http.Handler {
	metadata := route{name: "metadata", public: true, handle: s.metadata, interaction: audit.Interaction{Code: "capabilities"}}
	mux := http.NewServeMux()
	serve := func(pattern string, find func(*http.Request) methods) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.dispatch(w, r, find(r)) })
	}
	find := map[string]func(*http.Request) methods{
		patternMetadata: func(*http.Request) methods { return methods{http.MethodGet: metadata} },
		patternType:     func(r *http.Request) methods { return s.typeRoutes(r.PathValue("type")) },
		patternSearch:   func(r *http.Request) methods { return s.instanceRoutes(r.PathValue("type"), "_search") },
		patternInstance: func(r *http.Request) methods { return s.instanceRoutes(r.PathValue("type"), r.PathValue("id")) },
		patternOperation: func(r *http.Request) methods {
			return s.operationRoutes(r.PathValue("type"), r.PathValue("operation"), true)
		},
	}
	for _, p := range Paths() { // no path is served that is not listed
		serve(p.Pattern, find[p.Pattern])
	}
	serve("/", func(*http.Request) methods { return nil })
	return s.guard(mux)
}

func (s *server) typeRoutes(kind string) methods {
	if search, ok := s.searchRoute(kind); ok {
		return methods{http.MethodGet: search}
	}
	return nil
}

func (s *server) instanceRoutes(kind, id string) methods {
	search, ok := s.searchRoute(kind)
	switch {
	case !ok:
		return nil
	case strings.HasPrefix(id, "$"):
		return s.operationRoutes(kind, id, false)
	case id == "_search":
		search.name += "/_search"
		return methods{http.MethodPost: search}
	}
	read := route{name: kind, interaction: audit.Read, activity: access.Reading, handle: s.readOther}
	switch kind {
	case "Patient":
		read.handle = s.readPatient
	case "Task":
		read.activity, read.handle = access.Reviewing, s.readReview
	}
	return methods{http.MethodGet: read}
}

func (s *server) searchRoute(kind string) (route, bool) {
	search := route{name: kind, interaction: audit.Search, activity: access.Reading, handle: s.searchType}
	switch kind {
	case "Patient":
		search.handle = s.searchPatient
	case "Task":
		search.choose = s.chooseTasks
	}
	return search, fhir.KnownType(kind)
}

// dispatch refuses what no route is for.
func (s *server) dispatch(w http.ResponseWriter, r *http.Request, m methods) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	found, ok := m[method]
	switch {
	case m == nil:
		s.refuse(w, r, "unknown", errNoRoute)
	case !ok:
		w.Header().Set("Allow", m.allow())
		s.refuse(w, r, "method", errMethod)
	default:
		s.serve(w, r, found)
	}
}

// guard answers what ServeMux would redirect: its redirects repeat the query.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, id := s.open(w, r)
		defer s.rescue(t, id)
		if r.URL.Path != path.Clean("/"+r.URL.Path) {
			s.refuse(t, r, "unknown", errNoRoute)
			return
		}
		next.ServeHTTP(t, r)
	})
}

package main

import (
	"net/http"
	"net/url"
	"strings"
)

// public is what server.public_url says of the way in: the origin that pages have, and the path below which the program is reached; both "" without it.
func (c *Config) public() (origin, path string) {
	u, err := url.Parse(c.Server.PublicURL)
	if err != nil || u.Host == "" {
		return "", ""
	}
	return u.Scheme + "://" + u.Host, strings.TrimRight(u.EscapedPath(), "/")
}

// below serves a handler below a path as well as without it, so that it does not matter whether the proxy takes the path off before it hands a request on. The
// page's own addresses are relative, which is why the path itself leads to the one with a slash.
func below(path string, next http.Handler) http.Handler {
	if path == "" {
		return next
	}
	inner := http.StripPrefix(path, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch p := r.URL.EscapedPath(); {
		case p == path:
			to := path + "/"
			if r.URL.RawQuery != "" {
				to += "?" + r.URL.RawQuery
			}
			http.Redirect(w, r, to, http.StatusPermanentRedirect)
		case strings.HasPrefix(p, path+"/"):
			inner.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

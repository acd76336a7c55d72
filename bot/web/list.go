package web

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"mime"
	"net/http"
	"time"

	"beianbot/bot/checklist"
	"beianbot/dialog"
	"beianbot/knowledge"
)

// The page of a list, and of a link that names none. They hold no script and no style of their own, and are whole without either.
//
//go:embed list.html
var listFiles embed.FS

var listPages = template.Must(template.ParseFS(listFiles, "list.html"))

// Files are made two at a time, some 30 ms each; who waits longer than pdfWait for their turn is told to try again.
const (
	pdfsAtOnce = 2
	pdfWait    = 3 * time.Second
)

// listPage is what the page shows. All addresses in it are relative, so it works under a path prefix.
type listPage struct {
	checklist.List
	Key   string // names the ticks on the device: the list, in whatever language
	PDF   string
	Other string // the page in the other language
}

// asked reads which list a request asks for; false when its link names none.
func (c *Chat) asked(r *http.Request) (list checklist.List, p listPage, ok bool) {
	e, now := c.opt.Engine(), time.Now().In(c.opt.Zone)
	k := e.Knowledge()
	f, lang, ok := dialog.ReadQuery(k, r.URL.Query())
	if !ok {
		return checklist.New(k, dialog.Checklist{}, lang, now), p, false
	}
	list = checklist.New(k, e.Checklist(f, lang, now), lang, now)
	other := knowledge.EN
	if lang == knowledge.EN {
		other = knowledge.ZH
	}
	return list, listPage{List: list, Key: f.Query(k, ""), PDF: "list.pdf?" + list.Query, Other: "list?" + f.Query(k, other)}, true
}

// sheet serves a document list to tick off. What is ticked stays on the device: the page sends nothing, and sets no cookie.
func (c *Chat) sheet(w http.ResponseWriter, r *http.Request) {
	list, p, ok := c.asked(r)
	if !ok {
		c.writePage(w, http.StatusNotFound, "gone", list)
		return
	}
	c.writePage(w, http.StatusOK, "list", p)
}

// sheetPDF serves the same list as a file.
func (c *Chat) sheetPDF(w http.ResponseWriter, r *http.Request) {
	list, _, ok := c.asked(r)
	if !ok {
		c.writePage(w, http.StatusNotFound, "gone", list)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pdfWait)
	defer cancel()
	select {
	case c.pdfs <- struct{}{}:
		defer func() { <-c.pdfs }()
	case <-ctx.Done():
		w.Header().Set("Retry-After", "5")
		c.writePage(w, http.StatusServiceUnavailable, "busy", list)
		return
	}
	b, err := list.PDF()
	if err != nil {
		c.opt.Log.Error("checklist file not made", "error", err)
		c.writePage(w, http.StatusInternalServerError, "busy", list)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": list.File()}))
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}

func (c *Chat) writePage(w http.ResponseWriter, code int, name string, data any) {
	var b bytes.Buffer
	if err := listPages.ExecuteTemplate(&b, name, data); err != nil {
		c.opt.Log.Error("list page not made", "error", err)
		http.Error(w, notSaved.ZH+" "+notSaved.EN, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(code)
	b.WriteTo(w) // a reader who has gone away needs no page
}

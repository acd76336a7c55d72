package checklist

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/signintech/gopdf"
	"golang.org/x/image/font/gofont/goregular"

	"beianbot/dialog"
)

//go:embed font/DroidSansFallbackFull.ttf
var fontFile []byte

// families are the fonts by what they have: Droid Sans Fallback has Chinese and nothing of ASCII, Go Regular the rest.
var families = [...]string{"Go", "Droid Sans Fallback"}

const latin, chinese = 0, 1

// fonts parses the fonts once; every file then takes its own subset of them.
var fonts = sync.OnceValues(func() (*gopdf.FontContainer, error) {
	c := new(gopdf.FontContainer)
	return c, errors.Join(c.AddTTFFontData(families[latin], goregular.TTF), c.AddTTFFontData(families[chinese], fontFile))
})

// Measures in points: A4 with margins that any printer keeps.
const (
	pageWidth, pageHeight = 595.28, 841.89
	margin                = 50.0
	foot                  = 40.0
	indent                = 22.0 // of an item, beside its box
	box                   = 11.0
	leading               = 1.45 // line height in font sizes
)

// PDF writes the list as an A4 file with a box to tick before each document. It fails only when the fonts cannot be used.
func (l List) PDF() ([]byte, error) {
	fc, err := fonts()
	if err != nil {
		return nil, fmt.Errorf("font of the checklist: %w", err)
	}
	p := &page{list: l, glyphs: map[rune]glyph{}}
	if err := p.open(fc); err != nil {
		return nil, fmt.Errorf("font of the checklist: %w", err)
	}
	p.SetInfo(gopdf.PdfInfo{Title: l.Title, Author: l.operator.Name, Subject: l.Sentences.ListHeading.In(l.Lang)})
	p.write(l.Sentences.ListHeading.In(l.Lang), style{size: 11, gray: 90})
	p.write(l.Title, style{size: 18, after: 4})
	p.write(l.From(), style{size: 9, gray: 90, after: 6})
	p.rule()
	for _, b := range l.Before {
		p.write(b, style{size: 12, after: 6})
	}
	for _, part := range l.Parts() {
		if part.Heading != "" {
			p.space(6)
			p.write(part.Heading, style{size: 12, after: 6, with: 60})
		}
		for _, item := range part.Items {
			p.item(item)
		}
	}
	if len(l.Notes) > 0 {
		p.space(6)
		p.write(strings.TrimSpace(l.Sentences.MindTitle.In(l.Lang)), style{size: 12, after: 3, with: 30})
		for _, n := range l.Notes {
			p.write("· "+n, style{size: 10, left: 8, after: 2})
		}
	}
	p.space(6)
	for _, s := range []string{l.Next, l.Decides} {
		if s != "" {
			p.write(s, style{size: 10, after: 2})
		}
	}
	if len(l.Sources) > 0 {
		p.write(l.SourceLine(l.Sources...), style{size: 8, gray: 90, after: 2})
	}
	if err := p.number(); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, fmt.Errorf("write checklist: %w", p.err)
	}
	return p.GetBytesPdfReturnErr()
}

// page is a file being written from top to bottom.
type page struct {
	gopdf.GoPdf
	list   List
	y      float64
	pages  int
	glyphs map[rune]glyph
	err    error // the first, after which nothing is written
}

// glyph is a character's width at size 1, and the font that has it.
type glyph struct {
	width float64
	font  int
}

type style struct {
	size  float64
	gray  uint8 // 0 black
	left  float64
	after float64
	with  float64 // room for what follows, so that a heading is not left alone at the foot
}

// open begins the file on its first page.
func (p *page) open(fc *gopdf.FontContainer) error {
	p.Start(gopdf.Config{PageSize: *gopdf.PageSizeA4})
	for _, f := range families {
		if err := p.AddTTFFontFromFontContainer(f, fc); err != nil {
			return err
		}
	}
	p.turn()
	return nil
}

func (p *page) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *page) turn() {
	p.AddPage()
	p.pages++
	p.y = margin
}

func (p *page) space(h float64) { p.y += h }

// room begins a new page where less than h is left.
func (p *page) room(h float64) {
	if p.y+h > pageHeight-margin-foot/2 {
		p.turn()
	}
}

// write sets a text in lines as wide as the page.
func (p *page) write(text string, s style) {
	for i, line := range p.lines(text, s) {
		if i == 0 {
			p.room(s.size*leading + s.with)
		}
		p.line(line, s)
	}
	p.y += s.after
}

func (p *page) line(text string, s style) {
	p.room(s.size * leading)
	p.draw(text, margin+s.left, p.y+s.size, s)
	p.y += s.size * leading
}

// draw sets one line from x, standing on y, run by run of the same font.
func (p *page) draw(text string, x, y float64, s style) {
	p.SetTextColor(s.gray, s.gray, s.gray)
	runes := []rune(text)
	for len(runes) > 0 {
		font, w, n := p.glyph(runes[0]).font, 0.0, 0
		for n < len(runes) && p.glyph(runes[n]).font == font {
			w += p.glyph(runes[n]).width
			n++
		}
		p.keep(p.SetFont(families[font], "", s.size))
		p.SetXY(x, y)
		p.keep(p.Text(string(runes[:n])))
		x += w * s.size
		runes = runes[n:]
	}
}

func (p *page) rule() {
	p.SetLineWidth(0.5)
	p.SetStrokeColor(180, 180, 180)
	p.Line(margin, p.y, pageWidth-margin, p.y)
	p.y += 8
}

// item sets one document: a box, its name, and in smaller lines what makes a good one. It is not divided between pages unless it is very long.
func (p *page) item(i dialog.ChecklistItem) {
	type piece struct {
		text string
		style
	}
	pieces := []piece{{p.list.Name(i), style{size: 12, left: indent, after: 1}}}
	for _, line := range p.list.Lines(i) {
		pieces = append(pieces, piece{line, style{size: 10, left: indent, gray: 60}})
	}
	if i.Source != "" {
		pieces = append(pieces, piece{p.list.SourceLine(i.Source), style{size: 8, left: indent, gray: 110}})
	}
	height := 0.0
	for _, x := range pieces {
		height += float64(len(p.lines(x.text, x.style)))*x.size*leading + x.after
	}
	p.room(min(height, pageHeight/2))
	p.SetLineWidth(1)
	p.SetStrokeColor(60, 60, 60)
	p.RectFromUpperLeftWithStyle(margin, p.y+1.5, box, box, "D")
	for _, x := range pieces {
		p.write(x.text, x.style)
	}
	p.y += 7
}

// number writes the foot of every page, once it is known how many there are.
func (p *page) number() error {
	s := style{size: 8, gray: 110}
	for n := 1; n <= p.pages; n++ {
		if err := p.SetPage(n); err != nil {
			return fmt.Errorf("write checklist: %w", err)
		}
		p.draw(p.list.From(), margin, pageHeight-foot, s)
		count := p.list.say(p.list.Sentences.ListPage, "n", fmt.Sprint(n), "all", fmt.Sprint(p.pages))
		p.draw(count, pageWidth-margin-p.width(count)*s.size, pageHeight-foot, s)
	}
	return nil
}

func (p *page) width(text string) float64 {
	var w float64
	for _, r := range text {
		w += p.glyph(r).width
	}
	return w
}

func (p *page) glyph(r rune) glyph {
	g, ok := p.glyphs[r]
	if ok {
		return g
	}
	g.font = chinese
	if r < 0x2e80 { // before the first Chinese block
		p.keep(p.SetFont(families[latin], "", 100))
		if has, err := p.IsCurrFontContainGlyph(r); err == nil && has {
			g.font = latin
		}
	}
	p.keep(p.SetFont(families[g.font], "", 100))
	w, err := p.MeasureTextWidth(string(r))
	p.keep(err)
	g.width = w / 100
	p.glyphs[r] = g
	return g
}

// notFirst are signs that no line begins with; notLast those that none ends with.
const (
	notFirst = "，。、；：？！）》」』”’％,.;:?!)]}%…·–"
	notLast  = "（《「『“‘(["
)

// lines breaks a text: Chinese between any two characters but before or after certain signs, words of letters and digits only where a line would be too short.
func (p *page) lines(text string, s style) []string {
	limit := (pageWidth - 2*margin - s.left) / s.size
	var out []string
	runes := []rune(plain(text))
	for len(runes) > 0 {
		n, w := 0, 0.0
		for n < len(runes) {
			w += p.glyph(runes[n]).width
			if w > limit && n > 0 {
				break
			}
			n++
		}
		if n < len(runes) {
			n = breakAt(runes, n)
		}
		out = append(out, strings.TrimSpace(string(runes[:n])))
		runes = []rune(strings.TrimLeft(string(runes[n:]), " "))
	}
	return out
}

// breakAt moves the end of a line back to where it may be broken, but no further than half the line.
func breakAt(runes []rune, n int) int {
	for at := n; at > n/2; at-- {
		before, after := runes[at-1], runes[at]
		if after == ' ' || !word(before, after) && !strings.ContainsRune(notFirst, after) && !strings.ContainsRune(notLast, before) {
			return at
		}
	}
	return n
}

// word reports whether two characters belong to one word of letters, digits and what joins them in addresses and numbers.
func word(a, b rune) bool {
	in := func(r rune) bool { return r > ' ' && r < unicode.MaxASCII }
	return in(a) && in(b)
}

// plain leaves out what no font shows: control characters and the like. The warning sign, which neither font has, becomes an exclamation mark.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\u00a0':
			return ' '
		case r == '⚠':
			return '!'
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
}

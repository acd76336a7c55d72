package knowledge

import (
	"regexp"
	"slices"
	"strings"
)

// operatorPlaceholders are filled at loading, in any text.
var operatorPlaceholders = []string{"{operator}", "{phone}", "{filing_system}", "{hours}"}

// filled are the placeholders that are filled while talking, by the file and the keys that lead to the text. A text that is not here has only the operator's.
var filled = map[string][]string{
	"sentences/source_line":       {"{sources}"},
	"sentences/next_step":         {"{step}"},
	"sentences/other_view":        {"{view}", "{sources}"},
	"sentences/old_fact":          {"{year}"},
	"sentences/old_item":          {"{year}"},
	"sentences/old_items":         {"{sources}"},
	"sentences/authority_decides": {"{authority}"},
	"sentences/no_own_rules":      {"{province}"},
	"sentences/not_mainland":      {"{province}"},
	"sentences/list_title":        {"{filing}"},
	"sentences/nothing_to_upload": {"{filing}"},
	"sentences/more_notes":        {"{n}", "{more}"},
	"sentences/copies":            {"{n}"},
	"sentences/bracket":           {"{text}"},
	"sentences/where_to_get":      {"{where}"},
	"sentences/province_title":    {"{province}", "{authority}", "{prefix}"},
	"sentences/audience":          {"{who}"},
	"sentences/checking":          {"{domain}"},
	"sentences/checking_more":     {"{n}"},
	"sentences/case_line":         {"{case}", "{status}", "{at}"},
	"sentences/case_note":         {"{note}"},
	"sentences/case_meaning":      {"{text}"},
	"sentences/case_todo":         {"{text}"},
	"sentences/case_next":         {"{text}"},
	"sentences/case_usual":        {"{text}"},
	"sentences/case_icp":          {"{number}"},
	"sentences/case_day":          {"{n}"},
	"sentences/case_as_of":        {"{at}"},
	"sentences/case_stale":        {"{at}"},
	"sentences/ask_case_no":       {"{example}"},
	"sentences/assuming":          {"{text}"},
	"sentences/taken_as":          {"{text}"},
	"sentences/in_short":          {"{text}"},
	"sentences/your_filing_type":  {"{type}"},
	"sentences/hosting_seen":      {"{domain}", "{where}"},
	"sentences/list_from":         {"{date}"},
	"sentences/list_page":         {"{n}", "{all}"},
	"sentences/list_count":        {"{a}", "{b}"},
	"sentences/list_link":         {"{url}"},

	"domain/suffixes/narrowed/refused": {"{tld}"},
	"domain/suffixes/narrowed/unsure":  {"{tld}"},

	"domain/texts/title":                                 {"{domain}", "{time}"},
	"domain/texts/failed":                                {"{n}"},
	"domain/texts/open":                                  {"{n}"},
	"domain/texts/soon":                                  {"{date}"},
	"domain/texts/moving":                                {"{status}"},
	"domain/texts/cdn_inside":                            {"{cdn}"},
	"domain/texts/hosting/cdn":                           {"{cdn}"},
	"domain/texts/reasons/lapsed/text":                   {"{status}"},
	"domain/texts/reasons/lapsed/todo":                   {"{status}"},
	"domain/texts/reasons/expired/text":                  {"{date}"},
	"domain/texts/reasons/expired/todo":                  {"{date}"},
	"domain/texts/reasons/hold/text":                     {"{status}"},
	"domain/texts/reasons/pending/text":                  {"{status}"},
	"domain/texts/conditions/tld_approved/pass":          {"{tld}", "{date}"},
	"domain/texts/conditions/tld_approved/fail":          {"{tld}", "{date}"},
	"domain/texts/conditions/tld_approved/unknown":       {"{tld}", "{date}"},
	"domain/texts/conditions/tld_approved/todo_fail":     {"{tld}", "{date}"},
	"domain/texts/conditions/tld_approved/todo_unknown":  {"{tld}", "{date}"},
	"domain/texts/conditions/registrar_approved/pass":    {"{registrar}"},
	"domain/texts/conditions/registrar_approved/fail":    {"{registrar}"},
	"domain/texts/conditions/registrar_approved/unknown": {"{registrar}"},
	"domain/texts/conditions/registration_valid/pass":    {"{date}"},
	"domain/texts/talk/holder_pass":                      {"{domain}", "{subject}"},
	"domain/texts/talk/holder_fail":                      {"{domain}", "{subject}"},
	"domain/texts/talk/holder_hidden":                    {"{domain}"},
	"domain/texts/talk/before":                           {"{domain}", "{what}"},
}

// placeholder finds {…} in texts, however it is spelt: what is not filled would be said as it stands.
var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// placeholders reports those that nobody fills, and braces that make none.
func (w *walker) placeholders(s string) {
	if !strings.ContainsAny(s, "{}｛｝") {
		return
	}
	own := filled[w.path()]
	for _, p := range placeholder.FindAllString(s, -1) {
		if !slices.Contains(operatorPlaceholders, p) && !slices.Contains(own, p) {
			w.fault(Error, "unknown placeholder %s: only %s here", p, strings.Join(append(slices.Clip(own), operatorPlaceholders...), " "))
		}
	}
	switch rest := placeholder.ReplaceAllString(s, ""); {
	case strings.ContainsAny(rest, "{}"):
		w.fault(Error, "a { or } stands alone: write a placeholder as {phone}")
	case strings.ContainsAny(rest, "｛｝"): // what a Chinese keyboard gives
		w.fault(Error, "a ｛ or ｝ of full width: write a placeholder as {phone}")
	}
}

// path is the text that the walker is in, as the keys of filled have it: neither the place in a list nor the language makes a difference.
func (w *walker) path() string {
	parts := []string{strings.TrimSuffix(w.f.name, ".yaml")}
	for _, step := range w.at[:len(w.at)-1] {
		if key, ok := step.(string); ok {
			parts = append(parts, key)
		}
	}
	return strings.Join(parts, "/")
}

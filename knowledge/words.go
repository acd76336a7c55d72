package knowledge

// Acts are the words by which people steer a conversation, whatever its topic.
type Acts struct {
	Cancel    []Pattern `yaml:"cancel" lint:"required"`
	Repeat    []Pattern `yaml:"repeat" lint:"required"`
	More      []Pattern `yaml:"more" lint:"required"`
	Skip      []Pattern `yaml:"skip" lint:"required"`
	DontKnow  []Pattern `yaml:"dont_know" lint:"required"`
	Yes       []Pattern `yaml:"yes" lint:"required"`
	No        []Pattern `yaml:"no" lint:"required"`
	Resume    []Pattern `yaml:"resume" lint:"required"`
	SpeakZH   []Pattern `yaml:"speak_zh" lint:"required"`
	SpeakEN   []Pattern `yaml:"speak_en" lint:"required"`
	WhatCanDo []Pattern `yaml:"what_can_do" lint:"required"`
	// Correction are the words that take something back (不对, 说错了); what follows is the right value.
	Correction []Pattern `yaml:"correction" lint:"required"`
}

// Regions tell where a server stands from what people say: cities and zones of providers, countries, and words for machines.
type Regions struct {
	// Machine are the words that make a place a server's place (服务器, 机房, 主机, vps …).
	Machine []string `yaml:"machine" lint:"required"`
	// Providers are hosting brands: a place right after one is a data centre.
	Providers []string `yaml:"providers" lint:"required"`
	Mainland  []string `yaml:"mainland" lint:"required"` // words that alone say it: 国内服务器, cn-hangzhou
	Overseas  []string `yaml:"overseas" lint:"required"` // places and words abroad: 香港, 美国, 海外
}

package main

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// said takes a text that customers are told, so it must be there, on one line.
func said(to func(c *Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		switch {
		case strings.TrimSpace(v) == "":
			return errors.New("empty, but customers are told it; write what they should read")
		case strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }):
			return errors.New("holds what cannot be shown; write what customers should read, on one line of UTF-8")
		}
		*to(c) = v
		return nil
	}
}

// required refuses a blank value before the check of others; remedy says what to write.
func required(remedy string, check func(*Config, string) error) func(*Config, string) error {
	return func(c *Config, v string) error {
		if strings.TrimSpace(v) == "" {
			return errors.New("empty; " + remedy)
		}
		return check(c, v)
	}
}

// hostName is a name or an IPv4 address; an IPv6 address is told by its colons.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$|:`)

// splitHostPort gives the parts of host:port; the host may be missing, the port has to be a number from low to 65535.
func splitHostPort(v string, low uint64) (host string, err error) {
	host, port, err := net.SplitHostPort(v)
	if err != nil || host != "" && !hostName.MatchString(host) {
		return "", errors.New("write host:port such as 127.0.0.1:8080 or [::1]:8080")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n < low {
		return "", fmt.Errorf("the port is no number from %d to 65535", low)
	}
	return host, nil
}

// listenAddress takes an address to listen on: without a host it is every address of this machine, port 0 is any free port.
func listenAddress(to func(c *Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if strings.TrimSpace(v) == "" {
			return errors.New("empty, which would be every address at a random port; write host:port such as 127.0.0.1:8080, or :8080 for every address")
		}
		if _, err := splitHostPort(v, 0); err != nil {
			return err
		}
		*to(c) = v
		return nil
	}
}

// hostPort takes the address of a server elsewhere; empty is none.
func hostPort(to func(c *Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if v != "" {
			host, err := splitHostPort(v, 1)
			if err != nil {
				return err
			}
			if host == "" {
				return errors.New("the host is missing; write host:port such as 127.0.0.1:53")
			}
		}
		*to(c) = v
		return nil
	}
}

// clock reads a time of day from 00:00 to 24:00 as minutes.
func clock(v string) (minutes int, err error) {
	h, herr := strconv.Atoi(v[:2])
	m, merr := strconv.Atoi(v[3:])
	if minutes = 60*h + m; herr != nil || merr != nil || m > 59 || minutes > 24*60 {
		return 0, fmt.Errorf("%s is no time of day from 00:00 to 24:00", v)
	}
	return minutes, nil
}

// checkRange refuses opening hours of one day that end before they begin.
func checkRange(from, to string) error {
	begin, err := clock(from)
	if err != nil {
		return err
	}
	end, err := clock(to)
	if err != nil {
		return err
	}
	if end <= begin {
		return fmt.Errorf(`%s-%s does not end after it begins; hours past midnight are two ranges, such as "Mo-Fr 18:00-24:00; Tu-Sa 00:00-02:00"`, from, to)
	}
	return nil
}

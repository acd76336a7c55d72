package bottest

import (
	"database/sql"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the measure
)

// BareCommits is how many commits a second one connection does with synchronous=FULL, each of one row as long as a message, on the disk of a folder.
func BareCommits(dir string) (float64, error) {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "bare.db")+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"); err != nil {
		return 0, err
	}
	insert, err := db.Prepare("INSERT INTO t (v) VALUES (?)")
	if err != nil {
		return 0, err
	}
	row := strings.Repeat("x", 200)
	n, began := 0, time.Now()
	for ; time.Since(began) < time.Second; n++ {
		if _, err := insert.Exec(row); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

// Command peers is what bench/gateway.ts measures with and against: a load generator, an upstream that
// answers at once, and a reverse proxy made of the standard library. It uses nothing else.
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func([]string) error{"answer": answer, "proxy": proxy, "load": load}
	if len(os.Args) > 1 {
		if run, found := commands[os.Args[1]]; found {
			if err := run(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
	fmt.Fprintln(os.Stderr, "usage: peers answer|proxy|load …")
	os.Exit(2)
}

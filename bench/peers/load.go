package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type result struct {
	Requests int     `json:"requests"`
	Failures int     `json:"failures"`
	Seconds  float64 `json:"seconds"`
	P50      float64 `json:"p50Us"`
	P99      float64 `json:"p99Us"`
	P999     float64 `json:"p999Us"`
}

// load sends the same GET over kept connections and says how long the answers took: as fast as they come with
// -requests, or at a constant rate with -rate and -seconds. With a rate, a request that found every connection busy
// counts from when it was due, so that a stall is seen by all whom it would have met.
func load(arguments []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	network := flags.String("network", "tcp", "tcp or unix")
	address := flags.String("address", "", "host:port, or the path of a socket")
	host := flags.String("host", "localhost", "the Host header")
	path := flags.String("path", "/items?limit=20", "what is asked for")
	connections := flags.Int("connections", 16, "connections")
	requests := flags.Int("requests", 0, "how many, as fast as they are answered")
	rate := flags.Float64("rate", 0, "requests per second")
	seconds := flags.Float64("seconds", 1, "how long, with -rate")
	_ = flags.Parse(arguments)
	total := *requests
	if *rate > 0 {
		total = int(*rate * *seconds)
	}
	head := []byte("GET " + *path + " HTTP/1.1\r\nHost: " + *host + "\r\nUser-Agent: bench/1\r\nAccept: */*\r\n" +
		"Accept-Encoding: gzip, deflate\r\nCookie: theme=dark; session=4f2c9a7be0d1\r\n\r\n")

	workers := make([]*worker, *connections)
	for i := range workers {
		connection, err := net.Dial(*network, *address)
		if err != nil {
			return err
		}
		defer connection.Close()
		workers[i] = &worker{connection: connection, reader: bufio.NewReaderSize(connection, 16<<10), head: head}
		// The first exchange pays for buffers and code paths of both sides, and is no part of what is measured.
		if err := workers[i].exchange(); err != nil {
			return err
		}
	}
	var next atomic.Int64
	var done sync.WaitGroup
	begun := time.Now()
	for _, each := range workers {
		done.Add(1)
		go func() {
			defer done.Done()
			each.run(&next, int64(total), begun, *rate)
		}()
	}
	done.Wait()
	return report(workers, time.Since(begun))
}

type worker struct {
	connection net.Conn
	reader     *bufio.Reader
	head       []byte
	tookUs     []float64
	failures   int
}

func (w *worker) run(next *atomic.Int64, total int64, begun time.Time, rate float64) {
	for {
		turn := next.Add(1) - 1
		if turn >= total {
			return
		}
		from := time.Now()
		if rate > 0 {
			due := begun.Add(time.Duration(float64(turn) / rate * float64(time.Second)))
			if wait := due.Sub(from); wait > 0 {
				// The sleep may end late: that is our clock, and not the server's doing.
				time.Sleep(wait)
				from = time.Now()
			} else {
				from = due
			}
		}
		if err := w.exchange(); err != nil {
			w.failures++
			return
		}
		w.tookUs = append(w.tookUs, float64(time.Since(from).Nanoseconds())/1000)
	}
}

// exchange sends one request and reads its answer to the end.
func (w *worker) exchange() error {
	if _, err := w.connection.Write(w.head); err != nil {
		return err
	}
	status, err := w.reader.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200")) {
		return fmt.Errorf("answered %q", strings.TrimSpace(string(status)))
	}
	length := -1
	for {
		line, err := w.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == 2 {
			break
		}
		if len(line) > 15 && (line[0] == 'c' || line[0] == 'C') && bytes.EqualFold(line[:15], []byte("content-length:")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[15:]))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("the answer has no length")
	}
	_, err = w.reader.Discard(length)
	return err
}

func report(workers []*worker, took time.Duration) error {
	var all []float64
	failures := 0
	for _, each := range workers {
		all = append(all, each.tookUs...)
		failures += each.failures
	}
	if len(all) == 0 {
		return errors.New("nothing was answered")
	}
	slices.Sort(all)
	at := func(part float64) float64 { return all[min(len(all)-1, int(part*float64(len(all))))] }
	return json.NewEncoder(os.Stdout).Encode(result{
		Requests: len(all), Failures: failures, Seconds: took.Seconds(), P50: at(0.5), P99: at(0.99), P999: at(0.999),
	})
}

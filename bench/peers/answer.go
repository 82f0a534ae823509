package main

import (
	"bytes"
	"flag"
	"net"
)

// What a small FastAPI app behind uvicorn answers, byte for byte but for the date.
const fixedAnswer = "HTTP/1.1 200 OK\r\ndate: Sat, 01 Nov 2025 12:00:00 GMT\r\nserver: uvicorn\r\n" +
	"content-length: 29\r\ncontent-type: application/json\r\n\r\n" + `{"hello":"world","edition":1}`

// answer listens on a Unix socket and gives every request the same answer. It looks for the end of a head and
// nothing else: its requests have no bodies.
func answer(arguments []string) error {
	flags := flag.NewFlagSet("answer", flag.ExitOnError)
	path := flags.String("socket", "", "the Unix socket to listen on")
	_ = flags.Parse(arguments)
	listener, err := net.Listen("unix", *path)
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go answerAll(connection)
	}
}

func answerAll(connection net.Conn) {
	defer connection.Close()
	end := []byte("\r\n\r\n")
	bytesOut := []byte(fixedAnswer)
	buffer := make([]byte, 64<<10)
	held := 0
	for {
		read, err := connection.Read(buffer[held:])
		if err != nil {
			return
		}
		held += read
		for {
			at := bytes.Index(buffer[:held], end)
			if at < 0 {
				break
			}
			held = copy(buffer, buffer[at+len(end):held])
			if _, err := connection.Write(bytesOut); err != nil {
				return
			}
		}
		if held == len(buffer) {
			return
		}
	}
}

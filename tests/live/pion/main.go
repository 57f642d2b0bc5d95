// SPDX-License-Identifier: MIT

// pion relays through a TURN server over UDP, TCP, TLS and DTLS with pion's client and with pion's
// WebRTC stack, and prints one TAP line, without a number, for each thing it saw. Given files of what
// the server issued, it relays with these instead.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/turn/v2"
	"github.com/pion/webrtc/v3"
)

const (
	patience = 10 * time.Second
	port     = 3478
	tlsPort  = 5349
)

var (
	server   = flag.String("server", "turn.north.gov", "name of the server, as certified")
	local    = flag.String("local", "10.77.0.2", "own address, where the echo peer listens")
	ca       = flag.String("ca", "ca.pem", "file of the authority to trust")
	user     = flag.String("user", "alice", "user name")
	password = flag.String("password", "wonderland", "the user's password")
)

// A way to the server: what a URL says of it, and how a client opens it.
type way struct {
	name, scheme, transport string
	port                    int
	open                    func(address string) (net.PacketConn, error)
}

func main() {
	flag.Parse()
	authorities := x509.NewCertPool()
	certificates, err := os.ReadFile(*ca)
	if err != nil || !authorities.AppendCertsFromPEM(certificates) {
		fmt.Fprintln(os.Stderr, "no certificates in", *ca, err)
		os.Exit(1)
	}
	for _, file := range flag.Args() {
		relayIssued(file)
	}
	if flag.NArg() > 0 {
		return
	}
	for _, w := range []way{
		{"UDP", "turn", "udp", port, openUDP},
		{"TCP", "turn", "tcp", port, openTCP},
		{"TLS", "turns", "tcp", tlsPort, openTLS(authorities)},
		{"DTLS", "turns", "udp", tlsPort, openDTLS(authorities)},
	} {
		report("T01 T30 T50 T56 pion/turn relays both ways with an echo peer: "+w.name,
			relayWithEcho(w))
		report("S33 pion/turn is refused with a wrong password: "+w.name, wrongPassword(w))
		report("T49 pion/webrtc, a data channel between two relays: "+w.name,
			dataChannel(peersOver(w)))
	}
	report("T17 UDP and TCP from one port are two allocations", twoFromOnePort())
}

func report(description string, err error) {
	if err == nil {
		fmt.Println("ok - " + description)
		return
	}
	fmt.Println("not ok - " + description)
	fmt.Println("# " + err.Error())
}

func openUDP(string) (net.PacketConn, error) {
	return net.ListenPacket("udp4", *local+":0")
}

func openTCP(address string) (net.PacketConn, error) {
	conn, err := net.DialTimeout("tcp4", address, patience)
	if err != nil {
		return nil, err
	}
	return turn.NewSTUNConn(conn), nil
}

func openTLS(authorities *x509.CertPool) func(string) (net.PacketConn, error) {
	return func(address string) (net.PacketConn, error) {
		dialer := &net.Dialer{Timeout: patience}
		conn, err := tls.DialWithDialer(dialer, "tcp4", address,
			&tls.Config{RootCAs: authorities, ServerName: *server})
		if err != nil {
			return nil, err
		}
		return turn.NewSTUNConn(conn), nil
	}
}

func openDTLS(authorities *x509.CertPool) func(string) (net.PacketConn, error) {
	return func(address string) (net.PacketConn, error) {
		to, err := net.ResolveUDPAddr("udp4", address)
		if err != nil {
			return nil, err
		}
		conn, err := dtls.Dial("udp4", to,
			&dtls.Config{RootCAs: authorities, ServerName: *server})
		if err != nil {
			return nil, err
		}
		return packetConn{conn}, nil
	}
}

// packetConn is a connection that keeps datagrams apart, in the form pion's client wants.
type packetConn struct{ net.Conn }

func (c packetConn) ReadFrom(buffer []byte) (int, net.Addr, error) {
	length, err := c.Read(buffer)
	return length, c.RemoteAddr(), err
}

func (c packetConn) WriteTo(data []byte, _ net.Addr) (int, error) {
	return c.Write(data)
}

// An allocation, with all that has to be closed with it.
type allocation struct {
	conn    net.PacketConn
	client  *turn.Client
	relayed net.PacketConn
}

func (a *allocation) close() {
	if a.relayed != nil {
		a.relayed.Close()
	}
	if a.client != nil {
		a.client.Close()
	}
	a.conn.Close()
}

func allocate(w way, secret string) (*allocation, error) {
	address := fmt.Sprintf("%s:%d", *server, w.port)
	conn, err := w.open(address)
	if err != nil {
		return nil, err
	}
	a := &allocation{conn: conn}
	a.client, err = turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: address,
		TURNServerAddr: address,
		Conn:           conn,
		Username:       *user,
		Password:       secret,
	})
	if err == nil {
		err = a.client.Listen()
	}
	if err == nil {
		a.relayed, err = a.client.Allocate()
	}
	if err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func relayWithEcho(w way) error {
	a, err := allocate(w, *password)
	if err != nil {
		return err
	}
	defer a.close()
	if _, err = a.client.SendBindingRequest(); err != nil {
		return fmt.Errorf("binding: %w", err)
	}
	return a.echoes()
}

// echoes sends datagrams to an echo peer. The first go one by one, as Send indications until the
// client has bound its channel; then many at once, as ChannelData.
func (a *allocation) echoes() error {
	peer, err := net.ListenPacket("udp4", *local+":0")
	if err != nil {
		return err
	}
	defer peer.Close()
	go echo(peer)

	number := 0
	for _, together := range []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 20, 20, 20, 20, 20} {
		if err = a.echoesOf(number, together, peer.LocalAddr()); err != nil {
			return err
		}
		number += together
		if together == 1 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	return nil
}

// echoesOf sends datagrams and waits for the same bytes in the same order.
func (a *allocation) echoesOf(first, count int, peer net.Addr) error {
	for number := first; number < first+count; number++ {
		if _, err := a.relayed.WriteTo(datagram(number), peer); err != nil {
			return fmt.Errorf("datagram %d: %w", number, err)
		}
	}
	buffer := make([]byte, 2048)
	for number := first; number < first+count; number++ {
		if err := a.relayed.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		length, from, err := a.relayed.ReadFrom(buffer)
		if err != nil {
			return fmt.Errorf("echo %d: %w", number, err)
		}
		if !bytes.Equal(datagram(number), buffer[:length]) || from.String() != peer.String() {
			return fmt.Errorf("echo %d: %d bytes from %s", number, length, from)
		}
	}
	return nil
}

// datagram is of any length, odd ones too, but never below 8: on a stream, pion's client takes
// ChannelData of less than 9 bytes, header and padding and all, for the beginning of something.
func datagram(number int) []byte {
	content := bytes.Repeat([]byte{byte(number)}, 8+7*number%1200)
	binary.BigEndian.PutUint32(content, uint32(number))
	return content
}

func echo(peer net.PacketConn) {
	buffer := make([]byte, 2048)
	for {
		length, from, err := peer.ReadFrom(buffer)
		if err != nil {
			return
		}
		_, _ = peer.WriteTo(buffer[:length], from)
	}
}

func wrongPassword(w way) error {
	a, err := allocate(w, "wrong")
	if err == nil {
		a.close()
		return errors.New("the server gave an allocation")
	}
	if !strings.Contains(err.Error(), "401") {
		return err
	}
	return nil
}

func twoFromOnePort() error {
	var own net.Addr
	overUDP, err := allocate(way{port: port, open: func(address string) (net.PacketConn, error) {
		conn, err := openUDP(address)
		if err == nil {
			own = conn.LocalAddr()
		}
		return conn, err
	}}, *password)
	if err != nil {
		return err
	}
	defer overUDP.close()

	from, err := net.ResolveTCPAddr("tcp4", own.String())
	if err != nil {
		return err
	}
	overTCP, err := allocate(way{port: port, open: func(address string) (net.PacketConn, error) {
		conn, err := (&net.Dialer{Timeout: patience, LocalAddr: from}).Dial("tcp4", address)
		if err != nil {
			return nil, err
		}
		return turn.NewSTUNConn(conn), nil
	}}, *password)
	if err != nil {
		return err
	}
	defer overTCP.close()

	if err = overUDP.echoes(); err != nil {
		return fmt.Errorf("over UDP: %w", err)
	}
	if err = overTCP.echoes(); err != nil {
		return fmt.Errorf("over TCP: %w", err)
	}
	return nil
}

// A maker makes one end of a call.
type maker func() (*webrtc.PeerConnection, error)

func peersOver(w way) maker {
	url := fmt.Sprintf("%s:%s:%d?transport=%s", w.scheme, *server, w.port, w.transport)
	return peersOf(webrtc.Configuration{
		ICEServers: []webrtc.ICEServer{{
			URLs:       []string{url},
			Username:   *user,
			Credential: *password,
		}},
	})
}

// dataChannel opens a channel from one peer to the other and waits for the echo of a message.
func dataChannel(newPeer maker) error {
	caller, err := newPeer()
	if err != nil {
		return err
	}
	defer caller.Close()
	callee, err := newPeer()
	if err != nil {
		return err
	}
	defer callee.Close()

	callee.OnDataChannel(func(channel *webrtc.DataChannel) {
		channel.OnMessage(func(message webrtc.DataChannelMessage) {
			_ = channel.Send(message.Data)
		})
	})
	channel, err := caller.CreateDataChannel("live", nil)
	if err != nil {
		return err
	}
	sent := bytes.Repeat([]byte("turnpike"), 500)
	echoed := make(chan []byte, 1)
	channel.OnOpen(func() { _ = channel.Send(sent) })
	channel.OnMessage(func(message webrtc.DataChannelMessage) { echoed <- message.Data })

	if err = negotiate(caller, callee); err != nil {
		return err
	}
	select {
	case received := <-echoed:
		if !bytes.Equal(sent, received) {
			return fmt.Errorf("%d bytes came back of %d", len(received), len(sent))
		}
	case <-time.After(2 * patience):
		return fmt.Errorf("no echo; states %s and %s",
			caller.ICEConnectionState(), callee.ICEConnectionState())
	}
	pair, err := caller.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil {
		return err
	}
	if pair.Local.Typ != webrtc.ICECandidateTypeRelay ||
		pair.Remote.Typ != webrtc.ICECandidateTypeRelay {
		return fmt.Errorf("the selected pair is %s", pair)
	}
	return nil
}

// negotiate exchanges the two descriptions, each with all its candidates.
func negotiate(caller, callee *webrtc.PeerConnection) error {
	offer, err := caller.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err = describe(caller, callee, offer); err != nil {
		return err
	}
	answer, err := callee.CreateAnswer(nil)
	if err != nil {
		return err
	}
	return describe(callee, caller, answer)
}

func describe(from, to *webrtc.PeerConnection, description webrtc.SessionDescription) error {
	gathered := webrtc.GatheringCompletePromise(from)
	if err := from.SetLocalDescription(description); err != nil {
		return err
	}
	select {
	case <-gathered:
	case <-time.After(patience):
		fmt.Fprintln(os.Stderr, "gathering took too long")
	}
	return to.SetRemoteDescription(*from.LocalDescription())
}

// SPDX-License-Identifier: MIT

// pion relays through a TURN server over UDP with pion's client and with pion's WebRTC stack,
// and prints one TAP line, without a number, for each thing it saw.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/pion/turn/v2"
	"github.com/pion/webrtc/v3"
)

const patience = 10 * time.Second

var (
	server   = flag.String("server", "10.77.0.1:3478", "address of the server")
	local    = flag.String("local", "10.77.0.2", "own address, where the echo peer listens")
	user     = flag.String("user", "alice", "user name")
	password = flag.String("password", "wonderland", "the user's password")
)

func main() {
	flag.Parse()
	report("T01 T30 T50 pion/turn relays both ways with an echo peer", relayWithEcho())
	report("S33 pion/turn is refused with a wrong password", wrongPassword())
	report("T49 pion/webrtc: a data channel between two relays", dataChannel())
}

func report(description string, err error) {
	if err == nil {
		fmt.Println("ok - " + description)
		return
	}
	fmt.Println("not ok - " + description)
	fmt.Println("# " + err.Error())
}

// allocate returns a client and the relayed socket it got; both are the caller's to close.
func allocate(secret string) (*turn.Client, net.PacketConn, error) {
	conn, err := net.ListenPacket("udp4", *local+":0")
	if err != nil {
		return nil, nil, err
	}
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: *server,
		TURNServerAddr: *server,
		Conn:           conn,
		Username:       *user,
		Password:       secret,
	})
	if err != nil {
		return nil, nil, err
	}
	if err = client.Listen(); err != nil {
		return nil, nil, err
	}
	relayed, err := client.Allocate()
	return client, relayed, err
}

// relayWithEcho sends many datagrams: the first go as Send indications, the rest, once the
// client has bound its channel, as ChannelData.
func relayWithEcho() error {
	peer, err := net.ListenPacket("udp4", *local+":0")
	if err != nil {
		return err
	}
	defer peer.Close()
	go echo(peer)

	client, relayed, err := allocate(*password)
	if err != nil {
		return err
	}
	defer client.Close()
	defer relayed.Close()

	if _, err = client.SendBindingRequest(); err != nil {
		return fmt.Errorf("binding: %w", err)
	}
	buffer := make([]byte, 2048)
	for number := 0; number < 50; number++ {
		sent := bytes.Repeat([]byte{byte(number)}, 20*number+1)
		if _, err = relayed.WriteTo(sent, peer.LocalAddr()); err != nil {
			return fmt.Errorf("datagram %d: %w", number, err)
		}
		if err = relayed.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		length, from, err := relayed.ReadFrom(buffer)
		if err != nil {
			return fmt.Errorf("echo %d: %w", number, err)
		}
		if !bytes.Equal(sent, buffer[:length]) || from.String() != peer.LocalAddr().String() {
			return fmt.Errorf("echo %d: %d bytes from %s", number, length, from)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
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

func wrongPassword() error {
	client, relayed, err := allocate("wrong")
	if client != nil {
		defer client.Close()
	}
	if err == nil {
		relayed.Close()
		return errors.New("the server gave an allocation")
	}
	if !strings.Contains(err.Error(), "401") {
		return err
	}
	return nil
}

func newPeer() (*webrtc.PeerConnection, error) {
	return webrtc.NewPeerConnection(webrtc.Configuration{
		ICEServers: []webrtc.ICEServer{{
			URLs:       []string{"turn:" + *server + "?transport=udp"},
			Username:   *user,
			Credential: *password,
		}},
		ICETransportPolicy: webrtc.ICETransportPolicyRelay,
	})
}

// dataChannel opens a channel from one peer to the other and waits for the echo of a message.
func dataChannel() error {
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
	if pair.Local.Typ != webrtc.ICECandidateTypeRelay {
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

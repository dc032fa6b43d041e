# One fault of LND 0.19.2 to 0.21.3, mended for the tests that stop and kill nodes over and over.
#
# When a link comes back, LND goes once more through the payments that it was told of in one package, and passes over those
# that are over. It then counts only the others, but notes what becomes of them by that number: the note goes to another
# payment of the package. One more reconnection, and LND settles what is settled already, fails the link, and does so for
# ever. It takes two payments that came together, one of them still held when the connection breaks.
# The place in the package is what must be kept.
s/^\tunackedAdds := make\(.*$/&\n\tplaces := []uint16{}/
s/^\t+unackedAdds = append\(unackedAdds, msg\)$/&\n\t\t\tplaces = append(places, uint16(i))/
/^\tfor i, update := range unackedAdds \{$/,/SourceRef/ s/uint16\(i\)/places[i]/

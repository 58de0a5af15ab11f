package workspace

import (
	"bytes"
	"slices"
)

// Export writes documents as one stream, in the order of kinds and names, that
// [Parse] reads back to the same bytes.
func Export(docs []Document) []byte {
	var b bytes.Buffer
	for i, d := range sorted(docs) {
		if i > 0 {
			b.WriteString("---\n")
		}
		b.Write(ended(d.Body))
	}
	return b.Bytes()
}

// Files returns documents as one file each, called kind/name.yaml or .json.
func Files(docs []Document) []File {
	files := make([]File, 0, len(docs))
	for _, d := range sorted(docs) {
		files = append(files, File{Name: d.file(), Body: d.Body})
	}
	return files
}

func sorted(docs []Document) []Document {
	docs = slices.Clone(docs)
	slices.SortStableFunc(docs, Document.compare)
	return docs
}

#include "simulate/vocabulary.hpp"

#include <charconv>

namespace freshet::simulate {
namespace {

constexpr Subject kPictures[] = {
    {"harbour", "harbours", "sea", "Puerto", "Гавань", "港"},
    {"lighthouse", "lighthouses", "sea", "Faro", "Маяк", "灯台"},
    {"sailing boat", "sailing boats", "sea", "Velero", "Парусник", "帆船"},
    {"fishing village", "fishing villages", "sea", "Pueblo de pescadores", "Рыбацкая деревня",
     "漁村"},
    {"shipwreck", "shipwrecks", "sea", "Naufragio", "Кораблекрушение", "難破船"},
    {"beach", "beaches", "sea", "Playa", "Пляж", "海岸"},
    {"owl", "owls", "bird", "Búho", "Сова", "フクロウ"},
    {"heron", "herons", "bird", "Garza", "Цапля", "サギ"},
    {"kingfisher", "kingfishers", "bird", "Martín pescador", "Зимородок", "カワセミ"},
    {"swallow", "swallows", "bird", "Golondrina", "Ласточка", "ツバメ"},
    {"peacock", "peacocks", "bird", "Pavo real", "Павлин", "孔雀"},
    {"quail", "quails", "bird", "Codorniz", "Перепел", "ウズラ"},
    {"fox", "foxes", "animal", "Zorro", "Лиса", "狐"},
    {"red deer", "red deer", "animal", "Ciervo", "Олень", "鹿"},
    {"horse", "horses", "animal", "Caballo", "Лошадь", "馬"},
    {"sleeping cat", "sleeping cats", "animal", "Gato dormido", "Спящая кошка", "眠り猫"},
    {"hedgehog", "hedgehogs", "animal", "Erizo", "Ёж", "ハリネズミ"},
    {"bumblebee", "bumblebees", "insect", "Abejorro", "Шмель", "マルハナバチ"},
    {"butterfly", "butterflies", "insect", "Mariposa", "Бабочка", "蝶"},
    {"dragonfly", "dragonflies", "insect", "Libélula", "Стрекоза", "蜻蛉"},
    {"rose", "roses", "plant", "Rosa", "Роза", "薔薇"},
    {"chestnut tree", "chestnut trees", "plant", "Castaño", "Каштан", "栗の木"},
    {"orchid", "orchids", "plant", "Orquídea", "Орхидея", "蘭"},
    {"mushroom", "mushrooms", "plant", "Seta", "Гриб", "茸"},
    {"wheat field", "wheat fields", "plant", "Campo de trigo", "Пшеничное поле", "麦畑"},
    {"mountain", "mountains", "landscape", "Montaña", "Гора", "山"},
    {"waterfall", "waterfalls", "landscape", "Cascada", "Водопад", "滝"},
    {"glacier", "glaciers", "landscape", "Glaciar", "Ледник", "氷河"},
    {"volcano", "volcanoes", "landscape", "Volcán", "Вулкан", "火山"},
    {"river valley", "river valleys", "landscape", "Valle del río", "Долина реки", "渓谷"},
    {"desert road", "desert roads", "landscape", "Camino del desierto", "Дорога в пустыне",
     "砂漠の道"},
    {"cathedral", "cathedrals", "building", "Catedral", "Собор", "大聖堂"},
    {"stone bridge", "stone bridges", "building", "Puente de piedra", "Каменный мост", "石橋"},
    {"railway station", "railway stations", "building", "Estación", "Вокзал", "駅"},
    {"market hall", "market halls", "building", "Mercado", "Рынок", "市場"},
    {"windmill", "windmills", "building", "Molino de viento", "Мельница", "風車"},
    {"castle", "castles", "building", "Castillo", "Замок", "城"},
    {"mosque", "mosques", "building", "Mezquita", "Мечеть", "モスク"},
    {"temple gate", "temple gates", "building", "Puerta del templo", "Ворота храма", "山門"},
    {"portrait of a woman", "portraits of women", "art", "Retrato de mujer", "Портрет женщины",
     "婦人像"},
    {"still life with fruit", "still lifes with fruit", "art", "Bodegón con frutas",
     "Натюрморт с фруктами", "果物の静物"},
    {"bronze figure", "bronze figures", "art", "Figura de bronce", "Бронзовая фигура", "青銅像"},
    {"porcelain vase", "porcelain vases", "art", "Jarrón de porcelana", "Фарфоровая ваза",
     "磁器の壺"},
    {"woodblock print", "woodblock prints", "art", "Xilografía", "Гравюра", "木版画"},
    {"tapestry", "tapestries", "art", "Tapiz", "Гобелен", "綴織"},
    {"violin", "violins", "instrument", "Violín", "Скрипка", "ヴァイオリン"},
    {"harpsichord", "harpsichords", "instrument", "Clavecín", "Клавесин", "チェンバロ"},
    {"brass trumpet", "brass trumpets", "instrument", "Trompeta", "Труба", "トランペット"},
    {"steam locomotive", "steam locomotives", "machine", "Locomotora de vapor", "Паровоз",
     "蒸気機関車"},
    {"bicycle", "bicycles", "machine", "Bicicleta", "Велосипед", "自転車"},
    {"microscope", "microscopes", "machine", "Microscopio", "Микроскоп", "顕微鏡"},
    {"pocket watch", "pocket watches", "machine", "Reloj de bolsillo", "Карманные часы",
     "懐中時計"},
    {"biplane", "biplanes", "machine", "Biplano", "Биплан", "複葉機"},
    {"coffee cup", "coffee cups", "food", "Taza de café", "Чашка кофе", "珈琲"},
    {"bread", "loaves of bread", "food", "Pan", "Хлеб", "パン"},
    {"street festival", "street festivals", "people", "Fiesta", "Праздник", "祭り"},
    {"football match", "football matches", "people", "Partido de fútbol", "Футбольный матч",
     "サッカーの試合"},
    {"dancer", "dancers", "people", "Bailarina", "Танцовщица", "踊り子"},
};

constexpr Subject kSounds[] = {
    {"violin", "violins", "instrument", "Violín", "Скрипка", "ヴァイオリン"},
    {"piano", "pianos", "instrument", "Piano", "Фортепиано", "ピアノ"},
    {"acoustic guitar", "acoustic guitars", "instrument", "Guitarra", "Гитара", "ギター"},
    {"cello", "cellos", "instrument", "Violonchelo", "Виолончель", "チェロ"},
    {"church bells", "church bells", "instrument", "Campanas", "Колокола", "鐘"},
    {"drum solo", "drum solos", "instrument", "Solo de batería", "Барабаны", "太鼓"},
    {"harbour", "harbours", "field recording", "Puerto", "Гавань", "港"},
    {"rain", "rains", "field recording", "Lluvia", "Дождь", "雨"},
    {"thunder", "thunders", "field recording", "Trueno", "Гром", "雷"},
    {"owl", "owls", "field recording", "Búho", "Сова", "フクロウ"},
    {"birdsong", "birdsongs", "field recording", "Canto de pájaros", "Пение птиц", "鳥の声"},
    {"ocean waves", "ocean waves", "field recording", "Olas", "Волны", "波"},
    {"railway station", "railway stations", "field recording", "Estación", "Вокзал", "駅"},
    {"crowd", "crowds", "field recording", "Multitud", "Толпа", "群衆"},
    {"lullaby", "lullabies", "song", "Nana", "Колыбельная", "子守唄"},
    {"night drive", "night drives", "song", "Viaje nocturno", "Ночная дорога", "夜道"},
    {"summer song", "summer songs", "song", "Canción de verano", "Летняя песня", "夏の歌"},
    {"farewell", "farewells", "song", "Despedida", "Прощание", "さよなら"},
    {"waltz", "waltzes", "song", "Vals", "Вальс", "ワルツ"},
    {"march", "marches", "song", "Marcha", "Марш", "行進曲"},
};

constexpr Topic kTopics[] = {
    {"sea", {"sea", "coast", "water", "ships", "maritime", "blue", "travel", "waterfront"}},
    {"bird", {"bird", "birds", "wildlife", "nature", "feathers", "animal", "ornithology", "wings"}},
    {"animal", {"animal", "wildlife", "nature", "mammal", "fur", "outdoors", "fauna", "zoology"}},
    {"insect", {"insect", "macro", "nature", "entomology", "wings", "garden", "wildlife", "fauna"}},
    {"plant", {"plant", "flora", "botany", "nature", "green", "garden", "flower", "leaves"}},
    {"landscape",
     {"landscape", "nature", "scenery", "outdoors", "travel", "sky", "geology", "view"}},
    {"building",
     {"architecture", "building", "stone", "history", "city", "heritage", "travel", "facade"}},
    {"art", {"art", "museum", "painting", "culture", "antique", "collection", "history", "craft"}},
    {"instrument",
     {"music", "instrument", "sound", "acoustic", "classical", "concert", "melody", "orchestra"}},
    {"machine",
     {"technology", "machine", "engineering", "history", "metal", "vintage", "transport",
      "science"}},
    {"food", {"food", "drink", "breakfast", "kitchen", "still life", "table", "delicious", "cafe"}},
    {"people",
     {"people", "crowd", "celebration", "culture", "street", "event", "colourful", "movement"}},
    {"field recording",
     {"field recording", "ambience", "nature", "sound effect", "stereo", "atmosphere",
      "environment", "loop"}},
    {"song",
     {"song", "vocal", "melody", "indie", "instrumental", "album", "acoustic", "recording"}},
};

constexpr std::string_view kPlaces[] = {
    "Lisbon",     "Valparaíso", "Kyoto",    "Reykjavík", "Zürich",   "São Paulo", "Edinburgh",
    "Tromsø",     "Nairobi",    "Kraków",   "Marseille", "Istanbul", "Québec",    "Hobart",
    "Cape Town",  "Helsinki",   "Montréal", "Venice",    "Dublin",   "Gdańsk",    "Bergen",
    "Rotterdam",  "Oaxaca",     "Tbilisi",  "Hanoi",     "Bristol",  "Göteborg",  "Santa Fe",
    "Wellington", "Aarhus",     "Dakar",    "東京",      "Москва",   "Αθήνα",     "القاهرة",
    "서울",       "मुंबई",        "Київ",     "תל אביב",   "台北"};

constexpr std::string_view kAdjectives[] = {
    "quiet",   "old",     "misty",  "golden",  "winter", "forgotten", "small",
    "great",   "lonely",  "bright", "ancient", "wooden", "painted",   "northern",
    "morning", "evening", "silent", "blue",    "red",    "distant"};

constexpr std::string_view kGenres[] = {"rock",   "ambient",  "classical", "jazz", "electronic",
                                        "folk",   "hiphop",   "pop",       "soul", "soundtrack",
                                        "reggae", "chillout", "metal",     "world"};

constexpr std::string_view kGivenNames[] = {
    "Amara", "Jonas", "Mei",   "Søren", "Inés",  "Tomasz", "Aoife", "Kwame", "Yuki",  "Zoë",
    "Rahul", "Élise", "Björn", "Nadia", "Mateo", "Ingrid", "Samir", "Olga",  "Chloé", "Henrik"};
constexpr std::string_view kFamilyNames[] = {
    "Lindqvist", "Okafor",   "Tanaka", "Müller",    "García", "Kowalski", "Nguyen",
    "Petrova",   "O’Connor", "Haddad", "Fernandes", "Ito",    "Dubois",   "Andersen",
    "Sharma",    "Novák",    "Moreau", "Eriksson",  "Castro", "Whitfield"};
constexpr std::string_view kOtherNames[] = {"山田太郎",       "Анна Каренина", "محمد علي",
                                            "Γιώργος Παππάς", "김민준",        "李小龙"};

constexpr Licence kLicences[] = {
    {"https://creativecommons.org/licenses/by/4.0/", "by", "4.0"},
    {"https://creativecommons.org/licenses/by-sa/4.0/", "by-sa", "4.0"},
    {"https://creativecommons.org/licenses/by-sa/3.0", "by-sa", "3.0"},
    {"https://creativecommons.org/publicdomain/zero/1.0/", "cc0", "1.0"},
    {"http://creativecommons.org/licenses/by-nc-sa/2.0/", "by-nc-sa", "2.0"},
    {"https://creativecommons.org/licenses/by/2.0/", "by", "2.0"},
    {"http://creativecommons.org/licenses/by-nc-nd/3.0/", "by-nc-nd", "3.0"},
    {"https://creativecommons.org/licenses/by-nc/3.0/", "by-nc", "3.0"},
    {"https://creativecommons.org/licenses/by-nd/2.5/", "by-nd", "2.5"},
    {"https://creativecommons.org/publicdomain/mark/1.0/", "pdm", "1.0"},
};

void append_upper(std::string& out, std::string_view word) {
  const std::size_t at = out.size();
  out.append(word);
  if (word.front() >= 'a' && word.front() <= 'z') {
    out[at] = static_cast<char>(word.front() - 'a' + 'A');
  }
}

template <class... Parts>
void append_all(std::string& out, Parts... parts) {
  (out.append(parts), ...);
}

constexpr std::uint32_t kSentences = 9;

void append_sentence(std::string& out, const Theme& theme, std::uint32_t which) {
  switch (which) {
    case 0:
      append_all(out, "One of several ", theme.subject->plural, " seen in ", theme.place,
                 " during the summer of that year.");
      break;
    case 1:
      append_all(out, "The ", theme.adjective, " ", theme.subject->name,
                 " appears in the foreground, with the ", theme.second->name, " behind it.");
      break;
    case 2:
      append_all(out, "Part of a series on ", theme.subject->plural, " and ", theme.second->plural,
                 " that was begun in ", theme.place, ".");
      break;
    case 3:
      append_all(out,
                 "Given to the collection by a private donor; earlier owners are not known, and "
                 "the attribution rests on comparison with similar works.");
      break;
    case 4:
      append_all(out, "Taken early in the morning from the old town of ", theme.place,
                 ", when the light was soft and nobody else was about.");
      break;
    case 5:
      append_all(out, "A note on the back names the place as ", theme.place, " and the subject as ",
                 theme.subject->name, ".");
      break;
    case 6:
      append_all(out, "See also the other ", theme.subject->plural, " in this category.");
      break;
    case 7:
      append_all(out,
                 "Restored and digitised at high resolution; colours may differ slightly from "
                 "the original ",
                 theme.subject->name, ".");
      break;
    default:
      append_all(out, "Visitors to ", theme.place, " have written about this ", theme.subject->name,
                 " for more than a hundred years, and it is still there today.");
      break;
  }
}

}  // namespace

std::span<const Subject> subjects(Medium medium) {
  return medium == Medium::picture ? std::span<const Subject>{kPictures}
                                   : std::span<const Subject>{kSounds};
}

const Topic& topic_of(const Subject& subject) {
  for (const Topic& topic : kTopics) {
    if (topic.name == subject.topic) {
      return topic;
    }
  }
  return kTopics[0];
}

std::span<const std::string_view> places() { return kPlaces; }
std::span<const std::string_view> adjectives() { return kAdjectives; }
std::span<const std::string_view> genres() { return kGenres; }
std::span<const Licence> licences() { return kLicences; }

Theme::Theme(Medium medium, Dice& dice)
    : subject{&dice.pick(subjects(medium))},
      second{&dice.pick(subjects(medium))},
      place{dice.pick(places())},
      adjective{dice.pick(adjectives())},
      year{1840 + dice.below(185)},
      form{dice.below(20)} {}

void append_title(std::string& out, const Theme& theme) {
  switch (theme.form) {
    case 0:
    case 1:
    case 2:
    case 3:
      append_upper(out, theme.adjective);
      append_all(out, " ", theme.subject->name, " in ", theme.place);
      break;
    case 4:
    case 5:
    case 6:
      append_upper(out, theme.subject->name);
      append_all(out, " near ", theme.place, ", ");
      append_number(out, theme.year);
      break;
    case 7:
    case 8:
      append_upper(out, theme.subject->plural);
      append_all(out, " of ", theme.place);
      break;
    case 9:
    case 10:
      append_upper(out, theme.subject->name);
      append_all(out, " with ", theme.second->name);
      break;
    case 11:
      append_all(out, "The ", theme.adjective, " ", theme.subject->name);
      break;
    case 12:
      append_all(out, "View of the ", theme.subject->name, " at ", theme.place);
      break;
    case 13:
      append_all(out, theme.place, ": ", theme.subject->name, " and ", theme.second->plural);
      break;
    case 14:
    case 15:
      append_all(out, theme.subject->spanish, " de ", theme.place);
      break;
    case 16:
    case 17:
      append_all(out, theme.subject->russian, ", ");
      append_number(out, theme.year);
      break;
    default:
      append_all(out, theme.subject->japanese, " ", theme.second->japanese, " ");
      append_number(out, theme.year);
      append_all(out, "年");
      break;
  }
}

void append_description(std::string& out, const Theme& theme, Dice dice) {
  // A step that shares no factor with their number never says the same sentence twice.
  constexpr std::uint32_t kSteps[] = {1, 2, 4, 5, 7, 8};
  const std::uint32_t first = dice.below(kSentences);
  const std::uint32_t step = dice.pick(std::span{kSteps});
  const std::uint32_t sentences = 2 + dice.below(5);
  for (std::uint32_t i = 0; i < sentences; ++i) {
    if (i != 0) {
      out.push_back(' ');
    }
    append_sentence(out, theme, (first + i * step) % kSentences);
  }
}

void append_person(std::string& out, Dice dice) {
  if (dice.per_mille(60)) {
    out.append(dice.pick(std::span{kOtherNames}));
    return;
  }
  append_all(out, dice.pick(std::span{kGivenNames}), " ", dice.pick(std::span{kFamilyNames}));
}

TagList tags_for(const Theme& theme, Dice dice) {
  const Topic& topic = topic_of(*theme.subject);
  TagList tags;
  tags.names[tags.size++] = theme.subject->name;
  tags.names[tags.size++] = theme.place;
  const std::uint32_t first = dice.below(topic.tags.size());
  const std::uint32_t more = 1 + dice.below(6);
  for (std::uint32_t i = 0; i < more; ++i) {
    tags.names[tags.size++] = topic.tags[(first + i) % topic.tags.size()];
  }
  return tags;
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number);
  out.append(digits, end.ptr);
}

}  // namespace freshet::simulate
